// Planned measures: what a unit means to do, until when, and what came of it; the office sees everybody's.
'use strict';
M.measureLamps = { running: 'grey', near: 'yellow', overdue: 'red', in_time: 'green', late: 'yellow', withdrawn: 'grey' };
M.phaseShown = function (row) {
  var word = M.word('measure_phase', row.phase), days = row.days || 0;
  if (row.phase === 'near') return word + M.t('，还有 ' + days + ' 天', ', ' + days + ' days left');
  return row.phase === 'overdue' || row.phase === 'late' ? word + M.t(' ' + days + ' 天', ', ' + days + ' days') : word;
};
M.ownTasks = function () {
  return M.plan.tasks.filter(function (task) { return (task.lead || []).concat(task.responsible || []).indexOf(M.me.unit) >= 0; });
};

// One form for a new one and for one that stands: what is left as it is stays.
M.measureForm = function (row, back) {
  var old = row ? row.row.measure : {}, id = M.newId(), out = M.h('div');
  function input(name, most, lines) {
    return lines ? M.h('textarea', { rows: lines, maxlength: most }, old[name] || '') : M.h('input', { type: 'text', maxlength: most, value: old[name] || '' });
  }
  var task = M.h('select', { disabled: !!row }, M.ownTasks().map(function (one) { return M.h('option', { value: one.id, selected: old.task === one.id }, M.taskShown(one.id)); }));
  var state = M.h('select', [['planned', M.t('计划中', 'planned')], ['done', M.t('已完成', 'done')]].concat(row ? [['withdrawn', M.t('撤销', 'withdrawn')]] : []).map(function (one) {
    return M.h('option', { value: one[0], selected: old.state === one[0] }, one[1]);
  }));
  var item = input('item', 100), plan = input('plan', 600, 3), due = M.h('input', { type: 'date', value: old.due || '' });
  var done = M.h('input', { type: 'date', value: old.done_day || '', max: M.day(M.nowMs) }), result = input('result', 600, 3), why = M.h('input', { type: 'text', maxlength: 200 });
  var finished = M.h('div', M.field(M.t('完成日期（事实发生之日）', 'Done on, the day of the fact'), done), M.field(M.t('帮扶成效', 'Result'), result));
  function draw() { finished.hidden = state.value !== 'done'; }
  state.addEventListener('change', draw);
  draw();
  var send = M.h('button.primary', { type: 'submit' }, M.t('提交', 'Send'));
  return M.keeps('measure ' + (row ? old.number : 'new'), M.h('form.card.measure', { novalidate: true, onsubmit: function (event) {
    event.preventDefault();
    send.disabled = true;
    var measure = { state: state.value, item: item.value.trim(), plan: plan.value.trim() };
    if (row) measure.number = old.number; else measure.task = task.value;
    if (due.value) measure.due = due.value;
    if (state.value === 'done') { measure.result = result.value.trim(); if (done.value) measure.done_day = done.value; }
    if (why.value.trim()) measure.why = why.value.trim();
    M.request('POST', '/api/v1/measures', { submission_id: id, measure: measure, replaces: row ? row.row.revision : 0 }).then(function (answer) {
      send.disabled = false;
      if (answer.status !== 0 && answer.status !== 503) id = M.newId();
      if (!answer.ok) { M.put(out, M.faults(answer.json.verdict ? { json: { errors: answer.json.verdict.reasons } } : answer)); return; }
      M.tell(M.t('已入账（第 ' + answer.json.receipt.seq + ' 条）。', 'In the ledger (entry ' + answer.json.receipt.seq + ').'));
      document.getElementById('main').focus();
      setTimeout(back, 500);
    });
  } }, M.h('h2', row ? M.t('修改第 ' + old.number + ' 号措施', 'Change measure ' + old.number) : M.t('录入帮扶措施', 'Plan a measure')),
  M.field(M.t('任务', 'Task'), task), M.field(M.t('帮扶事项', 'Measure'), item), M.field(M.t('帮扶计划', 'Plan'), plan, M.t('不写身份证号、手机号；不得涉密', 'no ID or mobile numbers, nothing classified')),
  M.field(M.t('时限（当日 24:00 前）', 'By the end of'), due), M.field(M.t('状态', 'State'), state), finished,
  row ? M.field(M.t('修改缘由（撤销须填）', 'Why, needed to withdraw'), why) : '',
  M.h('div.actions', send, M.h('button', { type: 'button', onclick: back }, M.t('取消', 'Cancel'))), out));
};

M.pageMeasures = function (main, parts) {
  var pressing = parts[1] === 'pressing';
  return M.rows('/api/v1/measures', { pressing: pressing ? '1' : '' }).then(function (answer) {
    if (!answer.ok) { M.put(main, M.faults(answer)); return; }
    M.nowMs = answer.json.now_ms || M.nowMs;
    var box = M.h('div'), again = function () { M.show(true); };
    function edit(row) { var form = M.measureForm(row, again); M.put(box, form); form.querySelector('input:not([disabled]),textarea').focus(); }
    function own(row) { return M.me.reports && row.row.unit === M.me.unit && row.row.measure.state !== 'withdrawn'; }
    M.put(main, [M.title(M.t('帮扶措施', 'Measures'), M.asOf(answer.json)),
      M.h('div.pick', { role: 'group', 'aria-label': M.t('范围', 'range') }, M.h('a.chip', { href: '#/measures', 'aria-current': pressing ? null : 'true' }, M.t('全部', 'All')), M.h('a.chip', { href: '#/measures/pressing', 'aria-current': pressing ? 'true' : null }, M.t('临近时限和逾期', 'Nearly due, overdue'))),
      M.me.reports ? M.h('div.actions', M.h('button.primary', { type: 'button', onclick: function () { edit(null); } }, M.t('录入帮扶措施', 'Plan a measure'))) : '', box,
      M.table([
        { head: M.t('单位', 'Unit'), keep: true, of: function (row) { return M.unit(row.row.unit); } },
        { head: M.t('编号', 'No.'), right: true, of: function (row) { return row.row.measure.number; } },
        { head: M.t('任务', 'Task'), keep: true, of: function (row) { return M.taskShown(row.row.measure.task); } },
        { head: M.t('帮扶事项', 'Measure'), of: function (row) { return row.row.measure.item; } },
        { head: M.t('帮扶计划', 'Plan'), of: function (row) { return row.row.measure.plan; } },
        { head: M.t('时限', 'Due'), keep: true, of: function (row) { return row.row.measure.due; } },
        { head: M.t('状态', 'State'), keep: true, of: M.phaseShown, show: function (row) { return M.lamp(M.measureLamps[row.phase], M.phaseShown(row)); } },
        { head: M.t('帮扶成效', 'Result'), of: function (row) { return (row.row.measure.done_day ? row.row.measure.done_day + M.t(' 完成。', ' done. ') : '') + (row.row.measure.result || ''); } },
        { head: M.t('版次', 'Revision'), right: true, of: function (row) { return row.row.revision; }, show: function (row) { return M.h('a', { href: '#/entry/' + row.row.seq }, row.row.revision); } }
      ].concat(M.me.reports ? [{ head: M.t('修改', 'Change'), of: function () { return ''; }, show: function (row) {
        return own(row) ? M.h('button.quiet', { type: 'button', 'aria-label': M.t('修改第 ' + row.row.measure.number + ' 号措施', 'change measure ' + row.row.measure.number), onclick: function () { edit(row); } }, M.t('修改', 'Change')) : ''; } }] : []),
      answer.json.rows, { name: 'measures', caption: M.t('帮扶措施', 'Measures'), nothing: M.t('还没有录入帮扶措施', 'no measure was entered yet') })]);
    var held = M.me.reports ? M.holdsLike('measure ') : '';
    if (held) edit(answer.json.rows.filter(function (row) { return own(row) && held === 'measure ' + row.row.measure.number; })[0] || null);
  });
};
