// Objections to an announced document: a unit raises them with a reason, the office answers each.
'use strict';
M.objectionsBox = function (at) {
  var row = at.row;
  if (!row || !row.announced_seq) return '';
  var open = !row.published_seq && row.open_until_ms > M.nowMs, mine = !M.me.all_units && M.me.unit;
  if (!at.objections.length && !(open && mine && M.me.role !== 'program')) return '';
  return M.h('section', M.h('h2', M.t('异议', 'Objections')), at.objections.map(function (one) { return M.objectionCard(one, row); }),
    open && mine ? M.objectionForm(at) : '');
};
M.objectionCard = function (one, row) {
  var raised = one.raised, answered = one.answered;
  return M.h('article.card.objection.edge-' + (answered ? 'grey' : 'red'),
    M.h('div.taskhead', M.h('h3', M.unit(raised.unit), raised.indicator ? ' · ' + M.indicator(raised.indicator).name : ''),
      answered ? M.lamp(answered.ruling === 'upheld' ? 'green' : 'grey', M.word('objection_ruling', answered.ruling)) : M.lamp('red', M.t('待答复', 'no answer yet'))),
    M.h('p.words', raised.why),
    M.h('p.hint', M.when(one.at_ms), raised.actor && raised.actor.office ? M.t(' 代录 ', ' entered by ') + raised.actor.officer : '', ' ', M.me.all_units ? M.h('a', { href: '#/entry/' + one.seq }, '№ ' + one.seq) : '№ ' + one.seq),
    answered ? M.h('p.returned.answered', M.t('答复：', 'Answer: '), answered.why, M.h('span.hint', '　' + M.when(one.answered_ms))) : '',
    !answered && M.me.decides && !row.published_seq ? M.answerForm(one) : '');
};
M.answerForm = function (one) {
  var why = M.h('textarea', { rows: 2, maxlength: 190, required: true }), out = M.h('div'), id = M.newId().replace(/-/g, '');
  function answer(ruling) {
    if (!why.value.trim()) { why.focus(); M.tell(M.t('请写明答复内容。', 'Write the answer.')); return; }
    M.request('POST', '/api/v1/objections/answer', { objection_seq: one.seq, ruling: ruling, why: why.value.trim(), command_id: id }).then(function (told) {
      if (told.status !== 0 && told.status !== 503) id = M.newId().replace(/-/g, '');
      if (!told.ok) { M.put(out, M.faults(told)); return; }
      M.tell(M.t('已答复（第 ' + told.json.seq + ' 条）', 'answered (entry ' + told.json.seq + ')'));
      M.showSoon();
    });
  }
  return M.keeps('answer ' + one.seq, M.h('div.noprint', out, M.field(M.t('答复（单位看得到；采纳的，请通知单位更正报告）', 'Answer (the unit sees it)'), why),
    M.h('div.actions', M.h('button', { type: 'button', onclick: function () { answer('upheld'); } }, M.t('采纳', 'Uphold')), M.h('button', { type: 'button', onclick: function () { answer('dismissed'); } }, M.t('不采纳', 'Dismiss')))));
};
M.objectionForm = function (at) {
  var why = M.h('textarea', { rows: 3, maxlength: 190, required: true }), out = M.h('div'), id = M.newId().replace(/-/g, ''), seen = {};
  var about = M.h('select', M.h('option', { value: '' }, M.t('其他（报送情况、文字等）', 'something else')));
  ((at.data || {}).targets || []).forEach(function (target) {
    if (seen[target.indicator] || !(target.shares || []).some(function (share) { return share.unit === M.me.unit; })) return;
    seen[target.indicator] = true;
    about.appendChild(M.h('option', { value: target.indicator }, target.name));
  });
  function raise(event) {
    event.preventDefault();
    var body = { kind: at.kind, announced_seq: at.row.announced_seq, why: why.value.trim(), command_id: id };
    if (at.period) body.period = at.period;
    if (about.value) body.indicator = about.value;
    M.request('POST', '/api/v1/objections', body).then(function (told) {
      if (told.status !== 0 && told.status !== 503) id = M.newId().replace(/-/g, '');
      if (!told.ok) { M.put(out, M.faults(told)); return; }
      why.value = '';
      M.tell(M.t('异议已提交（第 ' + told.json.seq + ' 条），统筹单位将逐条答复。', 'raised (entry ' + told.json.seq + '); the office will answer.'));
      M.showSoon();
    });
  }
  return M.keeps('objection ' + at.row.announced_seq, M.h('form.card.noprint', { onsubmit: raise }, M.h('h3', M.t('提出异议', 'Object')), M.h('p.hint', M.t('公示期 ', 'Open '), M.windowShown(at.row), M.t('。数据报错的，请同时提交更正的报告。', '. If the figure was reported wrongly, send a corrected report too.')),
    out, M.field(M.t('针对', 'About'), about), M.field(M.t('理由', 'Reason'), why), M.h('div.actions', M.h('button.primary', { type: 'submit' }, M.t('提交异议', 'Object')))));
};
