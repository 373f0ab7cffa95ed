// A draft: kept by itself while one types, handed to the unit's approver where the plan asks for it, sent or given back by him.
'use strict';
M.approvalOrder = { none: 0, reviewed: 1, signed: 2 };
// What the plan asks of this task's report: the strictest of plan, task and unit.
M.approval = function (taskId) {
  var unit = M.plan.units.filter(function (one) { return one.id === M.me.unit; })[0] || {};
  return [M.plan.approval, M.task(taskId).approval, unit.approval].reduce(function (most, one) {
    return M.approvalOrder[one || 'none'] > M.approvalOrder[most] ? one : most;
  }, 'none');
};
M.mustHandOver = function (taskId) { return M.approval(taskId) !== 'none'; };
M.draftOf = function (task, period) { return M.get(M.query('/api/v1/drafts', { task: task, period: period })).then(function (answer) { return answer.ok ? answer.json.rows[0] || null : null; }); };
M.drafts = function () { return M.me.reports ? M.get('/api/v1/drafts').then(function (answer) { return answer.ok ? answer.json.rows : []; }) : Promise.resolve([]); };
M.draftDrop = function (draft) { return M.request('POST', '/api/v1/drafts/drop', { task: draft.task, period: draft.period, version: draft.version }); };
M.draftWords = function (draft) {
  if (draft.state === 'handed') return M.t('待审核：' + draft.login + ' 于 ' + M.when(draft.handed_ms) + ' 提交', 'waits for approval: handed over by ' + draft.login + ', ' + M.when(draft.handed_ms));
  if (draft.state === 'back') return M.t('退回修改（' + draft.back_by + '，' + M.when(draft.back_ms) + '）：', 'given back (' + draft.back_by + ', ' + M.when(draft.back_ms) + '): ') + (draft.why || '');
  return M.t('草稿：' + draft.login + ' 于 ' + M.when(draft.kept_ms) + ' 保存', 'draft: kept by ' + draft.login + ', ' + M.when(draft.kept_ms)) + (draft.why ? M.t('；曾退回：', '; it was given back: ') + draft.why : '');
};
M.draftLamp = function (draft) { return M.h('span.wraps', M.lamp({ handed: 'blue', back: 'orange' }[draft.state] || 'grey', M.draftWords(draft))); };
M.draftFor = function (drafts, row) { return drafts.filter(function (draft) { return draft.task === row.task && draft.period === row.period; })[0]; };

// --- in the form ---
// Names may be missing while it is still to be reviewed and signed.
M.namesLater = function (reason) { return reason.code === 'name_missing' && /reviewed_by|signed_by/.test(reason.path || ''); };
M.Form.prototype.draftBegin = function (draft) {
  this.draft = draft;
  this.draftVersion = draft ? draft.version : 0;
  M.formOpen = this;
  this.handsOver = M.mustHandOver(this.task.id);
  this.draftSaid = M.h('span.draftsaid', { role: 'status' }, draft ? M.draftWords(draft) : '');
};
M.Form.prototype.draftNotice = function (draft) {
  var form = this, revision = this.standing.revision || 0;
  if (!draft) return '';
  var overtaken = (draft.replaces || 0) !== revision;
  return M.h(draft.state === 'back' || overtaken ? 'div.notice.bad' : 'div.notice', { role: 'note' }, M.h('p', M.draftLamp(draft)),
    overtaken ? M.h('p', M.t('写这份草稿时现行的是第 ' + (draft.replaces || 0) + ' 版，现在是第 ' + revision + ' 版：请先核对，继续保存即以现行版为准。', 'Revision ' + (draft.replaces || 0) + ' stood when this was written, now it is ' + revision + ': look at that first; if you go on, it replaces what stands now.')) : '',
    draft.state === 'handed' ? M.h('p', M.t('继续修改将撤回送审，需重新提交。', 'Going on to write takes it back from the approver.')) : '',
    M.h('div.actions', M.h('button.quiet', { type: 'button', onclick: function () {
      M.draftDrop({ task: form.task.id, period: form.period, version: form.draftVersion }).then(function (answer) {
        if (!answer.ok) { M.tell(M.faultsSaid(answer)); return; }
        M.tell(M.t('草稿已删除', 'the draft is gone'));
        M.show();
      });
    } }, M.t('删除草稿', 'Remove the draft'))));
};
// Three seconds after the last key; a report that was never touched is not kept.
M.Form.prototype.draftChanged = function () {
  var form = this;
  clearTimeout(this.draftTimer);
  this.draftTimer = this.gone ? 0 : setTimeout(function () { form.draftKeep('kept'); }, 3000);
};
M.Form.prototype.draftKeep = function (state) {
  var form = this;
  clearTimeout(this.draftTimer);
  this.draftTimer = 0;
  this.draftLast = (this.draftLast || Promise.resolve()).then(function () { return form.gone ? { ok: false, json: {} } : form.draftPut(state); });
  return this.draftLast;
};
M.Form.prototype.draftPut = function (state) {
  var form = this, report = this.report();
  report.submission_id = M.newId(); // each version is a sending of its own
  return M.request('POST', '/api/v1/drafts', { task: this.task.id, period: this.period, version: this.draftVersion, state: state, report: report }).then(function (answer) {
    if (answer.ok) {
      form.draftVersion = answer.json.version;
      M.put(form.draftSaid, state === 'handed' ? '' : M.t('草稿已保存', 'draft kept'));
    } else M.put(form.draftSaid, M.t('草稿未保存：', 'draft not kept: ') + M.faultsSaid(answer));
    return answer;
  });
};
M.Form.prototype.draftSent = function () {
  this.gone = true;
  clearTimeout(this.draftTimer);
  if (this.draftVersion) M.draftDrop({ task: this.task.id, period: this.period, version: this.draftVersion });
};
// Handed over instead of sent; what is left to say are the names of those who look at it.
M.Form.prototype.handOver = function () {
  var form = this;
  if (M.evidenceWaits(this)) { M.tell(M.t('佐证文件还在上传，传完再提交。', 'Evidence is still being sent; hand the report over after it.')); return; }
  this.send.disabled = true;
  M.request('POST', '/api/v1/reports/check', this.report()).then(function (answer) {
    var left = (answer.json.errors || answer.json.reasons || []).filter(function (reason) { return !M.namesLater(reason) && !(reason.soft && answer.json.accepted); });
    if (answer.status === 0 || answer.status === 503 || left.length) {
      form.send.disabled = false;
      form.show(answer);
      var first = form.main.querySelector('[aria-invalid]');
      if (first) first.focus(); else M.tell(left.map(M.say).join(' ') || M.faultsSaid(answer));
      return null;
    }
    return form.draftKeep('handed').then(function (kept) {
      form.send.disabled = false;
      if (!kept.ok) { M.tell(M.faultsSaid(kept)); return; }
      form.gone = true;
      M.tell(M.t('已提交本单位审核人，审核报送前不算已报。', 'Handed to your approver; it is not reported before he sends it.'));
      M.go('#/tasks/' + form.period);
    });
  });
};

// Who leaves the form, or the window, takes what was typed last along.
// What is on its way to be kept, as a promise.
M.draftFlush = function () {
  if (!M.formOpen) return Promise.resolve(null);
  return M.formOpen.draftTimer ? M.formOpen.draftKeep('kept') : Promise.resolve(M.formOpen.draftLast || null);
};
window.addEventListener('hashchange', M.draftFlush);
document.addEventListener('visibilitychange', function () { if (document.visibilityState === 'hidden') M.draftFlush(); });
// A session that ends takes nothing along: see held.js. false: no form is open.
M.heldReport = function () {
  var form = M.formOpen;
  if (!form || form.gone || !M.touched || M.showing !== M.pages.report) return false;
  M.held = { login: M.me.login, hash: '#/report/' + form.task.id + '/' + form.period, task: form.task.id, period: form.period, version: form.draftVersion, report: form.report() };
  form.gone = true;
  clearTimeout(form.draftTimer);
  return true;
};
M.heldFor = function (task, period) {
  var typed = M.held;
  if (!typed || typed.login !== M.me.login || typed.task !== task || typed.period !== period) return null;
  M.held = null;
  return typed;
};
// What was typed is there again; kept it is at once only where nobody has kept or sent another meanwhile.
M.heldShown = function (form, typed) {
  if (typed.version === form.draftVersion && typed.report.replaces === (form.standing.revision || 0)) {
    form.draftChanged();
    M.tell(M.t('登录过期前填写的内容还在，请核对后提交。', 'What you typed before the session ended is here again; look at it, then send it.'));
    return;
  }
  M.put(form.draftSaid, M.t('登录过期期间，本报告已有他人保存的草稿或报送的新版本。这里是您过期前填写的内容，尚未保存；继续修改或提交将取代它。', 'Meanwhile somebody has kept another draft or sent a newer report. This is what you had typed, and it is not kept; if you go on or send it, it takes their place.'));
  M.tell(form.draftSaid.textContent);
};
// “No change” in one click, where it is approved before it is sent.
M.handNil = function (row, report) {
  var name = '';
  try { name = sessionStorage.getItem('name.prepared_by') || ''; } catch (e) { name = ''; }
  name = name || (window.prompt(M.t('须经本单位审核。填报人姓名：', 'It has to be approved. Who prepares it?')) || '').trim();
  if (!name) return;
  report.prepared_by = name;
  try { sessionStorage.setItem('name.prepared_by', name); } catch (e) { M.tell(String(e)); }
  M.draftOf(row.task, row.period).then(function (draft) {
    return M.request('POST', '/api/v1/drafts', { task: row.task, period: row.period, version: draft ? draft.version : 0, state: 'handed', report: report });
  }).then(function (answer) {
    M.tell(answer.ok ? M.t('已提交本单位审核人。', 'Handed to your approver.') : M.faultsSaid(answer));
    M.show(true);
  });
};

// --- the approver ---
M.pageApprove = function (main, parts) {
  if (parts[1]) return M.pageApproveOne(main, parts[1], parts[2]);
  return Promise.all([M.drafts(), M.rows('/api/v1/obligations', {})]).then(function (answers) {
    var rows = answers[0].filter(function (draft) { return draft.state === 'handed'; }), owed = answers[1].ok ? answers[1].json.rows : [];
    if (answers[1].ok) M.nowMs = answers[1].json.now_ms;
    function of(draft) { return owed.filter(function (row) { return row.task === draft.task && row.period === draft.period; })[0] || {}; }
    M.put(main, [M.title(M.unit(M.me.unit) + M.t('　待审核', ' – waiting for approval'), M.asOf({})),
      M.table([
        { head: M.t('报送期', 'Period'), keep: true, of: function (row) { return row.period; } },
        { head: M.t('任务', 'Task'), keep: true, of: function (row) { return M.taskShown(row.task); } },
        { head: M.t('填报登录', 'Drafted by'), keep: true, of: function (row) { return row.login; } },
        { head: M.t('提交于', 'Handed over'), keep: true, of: function (row) { return M.when(row.handed_ms); } },
        { head: M.t('时限', 'Due'), keep: true, of: function (row) { return M.due(of(row).due_ms); } },
        { head: M.t('状态', 'State'), of: function (row) { return (of(row).revision || 0) === (row.replaces || 0) ? M.t('待审核', 'waits') : M.t('已有更新的报送', 'overtaken'); }, show: function (row) {
          return (of(row).revision || 0) === (row.replaces || 0) ? M.lamp('blue', M.t('待审核', 'waits')) : M.lamp('yellow', M.t('已有更新的报送', 'overtaken')); } },
        { head: M.t('审核', 'Look'), of: function () { return ''; }, show: function (row) { return M.h('a.button', { href: '#/approve/' + row.task + '/' + row.period }, M.t('审核', 'Look')); } }
      ], rows, { name: 'drafts', caption: M.t('待审核', 'Waiting for approval'), nothing: M.t('没有待审核的报告', 'nothing waits for you') }),
      M.h('p.hint', M.t('需要审核的任务，填报人提交后在这里审核；审核报送前不算已报。', 'What your clerks hand over stands here; it is not reported before you send it.'))]);
  });
};
M.pageApproveOne = function (main, taskId, period) {
  var before = M.plan.periods.map(function (one) { return one.id; }), previous = before[before.indexOf(period) - 1];
  return Promise.all([M.draftOf(taskId, period), M.get(M.query('/api/v1/standing', { task: taskId, period: period })), previous ? M.get(M.query('/api/v1/standing', { task: taskId, period: previous })) : null]).then(function (answers) {
    var draft = answers[0];
    if (!draft || draft.state !== 'handed') { M.put(main, [M.title(M.taskShown(taskId) + '　' + M.periodShown(period)), M.h('div.notice', M.h('p', M.t('没有待审核的草稿：已报送、已撤回或已退回。', 'Nothing waits here: it was sent, taken back or given back.')), M.h('p', M.h('a', { href: '#/approve' }, M.t('返回', 'Back'))))]); return null; }
    function entry(answer) { return answer && answer.ok && answer.json.seq ? M.get('/api/v1/entries/' + answer.json.seq) : null; }
    return Promise.all([entry(answers[1]), entry(answers[2]), M.request('POST', '/api/v1/reports/check', draft.report)]).then(function (more) {
      function report(answer) { return answer && answer.ok && answer.json.body ? answer.json.body.report : null; }
      M.approveShow(main, draft, answers[1].json, report(more[0]), report(more[1]), more[2]);
    });
  });
};
M.figureSaid = function (figure, indicator) {
  if (!figure) return '–';
  if (figure.nil) return M.t('无变化', 'no change');
  var value = figure.amount !== undefined ? figure.amount : figure.running, words = typeof value === 'string' ? value : M.amount(value, indicator);
  return (value === undefined ? M.t((figure.items || []).length + ' 行明细', (figure.items || []).length + ' rows') : words) + (figure.amount === undefined && figure.running !== undefined ? M.t('（累计）', ' (running)') : '') +
    (figure.opening ? M.t('；期初 ', '; opening ') + (typeof figure.opening === 'string' ? figure.opening : M.amount(figure.opening, indicator)) : '');
};
M.approveShow = function (main, draft, standing, stands, last, check) {
  var task = M.task(draft.task), report = draft.report, revision = standing.revision || 0, overtaken = (draft.replaces || 0) !== revision, want = M.approval(draft.task);
  function find(from, one) { return ((from || {}).figures || []).filter(function (row) { return row.indicator === one.indicator.id && (row.member || '') === (one.member ? one.member.id : ''); })[0]; }
  var rows = M.figuresOf(task, M.me.unit).map(function (one) {
    return { name: one.indicator.name + (one.member ? ' · ' + one.member.name : ''), last: M.figureSaid(find(last, one), one.indicator), stood: M.figureSaid(find(stands, one), one.indicator), now: M.figureSaid(find(report, one), one.indicator) };
  });
  [['progress', '进展', 'Progress'], ['problems', '存在问题', 'Problems'], ['next_step', '下一步', 'Next step']].forEach(function (one) {
    var text = report[one[0]] || '', stood = (stands || {})[one[0]] || '';
    if (text || stood) rows.push({ name: M.t(one[1], one[2]), last: ((last || {})[one[0]] || '–'), stood: stands ? stood || '–' : '–', now: text || '–', words: true });
  });
  var reasons = (check.json.errors || check.json.reasons || []).filter(function (reason) { return !M.namesLater(reason); }), good = reasons.every(function (reason) { return reason.soft && check.json.accepted; }) && (check.ok || check.json.reasons);
  var reviewed = M.h('input', { type: 'text', maxlength: 60, value: report.reviewed_by || '', autocomplete: 'off' }), signed = M.h('input', { type: 'text', maxlength: 60, value: report.signed_by || '', autocomplete: 'off' }), why = M.h('textarea', { rows: 2, maxlength: 200 }), out = M.h('div');
  var send = M.h('button.primary', { type: 'button', disabled: overtaken || draft.login === M.me.login, onclick: function () {
    send.disabled = true;
    M.request('POST', '/api/v1/drafts/send', { task: draft.task, period: draft.period, version: draft.version, reviewed_by: reviewed.value.trim(), signed_by: signed.value.trim() }).then(function (answer) {
      send.disabled = false;
      var verdict = answer.json.verdict;
      if (answer.json.receipt && (!verdict || verdict.accepted)) { M.showReceipt(report, answer.json); return; }
      M.put(out, M.faults(verdict ? { json: { errors: verdict.reasons } } : answer));
      out.firstChild.scrollIntoView();
    });
  } }, M.t('审核通过并报送', 'Approve and send'));
  var back = M.h('button', { type: 'button', onclick: function () {
    if (!why.value.trim()) { M.put(out, M.faults({ json: { errors: [{ zh: '请写明退回修改的原因。', en: 'Say why it is given back.' }] } })); why.focus(); return; }
    M.request('POST', '/api/v1/drafts', { task: draft.task, period: draft.period, version: draft.version, state: 'back', why: why.value.trim() }).then(function (answer) {
      if (!answer.ok) { M.put(out, M.faults(answer)); return; }
      M.tell(M.t('已退回填报人', 'given back to the clerk'));
      M.go('#/approve');
    });
  } }, M.t('退回修改', 'Give back'));
  var signs = M.keeps('approve ' + draft.task + ' ' + draft.period, M.h('section.card', M.h('h2', M.t('签报', 'Signed by')), M.h('div.people', M.h('div.field.small', M.h('p', M.t('填报人', 'Prepared by')), M.h('p', report.prepared_by || '–')),
    M.field(M.t('审核人', 'Reviewed by'), reviewed), M.field(M.t('负责人', 'Responsible') + (want === 'signed' ? M.t('（必填）', ' (required)') : ''), signed)),
    M.h('p.hint', M.t('姓名只存保密库，不入账本；账本记登录名。', 'Names are kept in the vault; the ledger has the logins.')), out, M.h('div.actions', send),
    M.field(M.t('退回修改的原因', 'Why it is given back'), why), M.h('div.actions', back)));
  M.put(main, [M.title(M.t('审核：', 'Look at: ') + M.taskShown(draft.task) + '　' + M.periodShown(draft.period), M.asOf({})),
    M.h('section.card', M.h('p', M.draftLamp(draft)), overtaken ? M.h('p', M.lamp('yellow', M.t('此草稿写成后已有第 ' + revision + ' 版报送，不能再报；请退回填报人核对。', 'Revision ' + revision + ' was sent after this was written; give it back.'))) : '',
      draft.login === M.me.login ? M.h('p', M.lamp('yellow', M.t('这是您自己填报的，须由另一位审核人审核。', 'You wrote this yourself; another approver has to look at it.'))) : ''),
    M.table([
      { head: M.t('项目', 'What'), keep: true, of: function (row) { return row.name; } },
      { head: M.t('上期', 'Last period'), of: function (row) { return row.last; } },
      { head: revision ? M.t('现行第 ' + revision + ' 版', 'Revision ' + revision) : M.t('现行', 'Stands'), of: function (row) { return row.stood; } },
      { head: M.t('拟报', 'To be sent'), of: function (row) { return row.now; }, show: function (row) { return row.now !== (revision ? row.stood : row.last) ? M.h('strong', { title: M.t('与左侧不同', 'differs') }, row.now) : row.now; } }
    ], rows, { name: 'draft-' + draft.task + '-' + draft.period, caption: M.t('与上期、现行版对照', 'Against what stands'), rowClass: function (row) { return row.now !== (revision ? row.stood : row.last) ? 'changed' : null; } }),
    M.reportRows(report),
    M.h('section.card', M.h('h2', M.t('校验', 'Checked')), good ? M.h('p', M.lamp('green', M.t('校验通过', 'it would be accepted'))) : '', reasons.length ? M.h('ul', reasons.map(function (reason) {
      return M.h('li', M.lamp(reason.soft ? 'yellow' : 'red', M.say(reason)), reason.explanation ? M.t('　已说明：', ' explained: ') + reason.explanation : ''); })) : ''),
    signs]);
};
// Rows and evidence of the draft, as they were typed.
M.reportRows = function (report) {
  var rows = [];
  (report.figures || []).forEach(function (figure) { (figure.items || []).forEach(function (item) { rows.push(Object.assign({ indicator: figure.indicator }, item)); }); });
  var evidence = (report.evidence || []).map(function (file) { return M.h('span', M.evidenceLink(file.name, file.sha256), ' '); });
  return [rows.length ? M.table([
    { head: M.t('指标', 'Indicator'), keep: true, of: function (row) { return M.indicator(row.indicator).name; } },
    { head: M.t('种类', 'Kind'), of: function (row) { return M.word('key_kind', row.key_kind); } },
    { head: M.t('编号或姓名', 'Number or name'), of: function (row) { return row.key || row.person || ''; } },
    { head: M.t('发生日期', 'Day'), keep: true, of: function (row) { return (row.fact_day || '') + (row.out_day ? ' – ' + row.out_day : ''); } },
    { head: M.t('数额', 'Amount'), right: true, of: function (row) { return row.amount || ''; } }
  ], rows, { name: 'draft-rows', caption: M.t('明细', 'Rows') }) : '',
  evidence.length || (report.explanations || []).length ? M.h('section.card', evidence.length ? M.h('p', M.t('佐证材料：', 'Evidence: '), evidence) : '',
    (report.explanations || []).length ? M.h('p', M.t('情况说明：', 'Explanations: '), report.explanations.map(function (one) { return one.text; }).join('；')) : '') : ''];
};
