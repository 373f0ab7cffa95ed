// More time: a unit asks, the office answers; both see what became of it. Asking moves no deadline.
'use strict';
M.requestLamps = { pending: 'yellow', granted: 'green', denied: 'red', replaced: 'grey', moot: 'grey' };
M.requestForm = function (again) {
  var id = M.newId(), out = M.h('div'), send = M.h('button.primary', { type: 'submit' }, M.t('申请延期', 'Ask for more time'));
  var task = M.h('select', M.ownTasks().map(function (one) { return M.h('option', { value: one.id }, M.taskShown(one.id)); }));
  var today = M.day(M.nowMs), periods = M.plan.periods.filter(function (one) { return one.from <= today; });
  var period = M.h('select', periods.map(function (one, index) { return M.h('option', { value: one.id, selected: index === periods.length - 1 }, M.periodShown(one.id)); }));
  var until = M.h('input', { type: 'date' }), why = M.h('input', { type: 'text', maxlength: 200 });
  return M.keeps('extension', M.h('form.card.request', { novalidate: true, onsubmit: function (event) {
    event.preventDefault();
    send.disabled = true;
    var body = { submission_id: id, task: task.value, period: period.value, why: why.value.trim() };
    if (until.value) body.until = until.value;
    M.request('POST', '/api/v1/extensions', body).then(function (answer) {
      send.disabled = false;
      if (answer.status !== 0 && answer.status !== 503) id = M.newId();
      if (!answer.ok) { M.put(out, M.faults(answer.json.verdict ? { json: { errors: answer.json.verdict.reasons } } : answer)); return; }
      M.tell(M.t('申请已入账（第 ' + answer.json.receipt.seq + ' 条），待答复；时限不变。', 'Asked (entry ' + answer.json.receipt.seq + '); the deadline stays until it is answered.'));
      document.getElementById('main').focus();
      setTimeout(again, 500);
    });
  } }, M.h('h2', M.t('申请延期', 'Ask for more time')), M.field(M.t('任务', 'Task'), task), M.field(M.t('报送期', 'Period'), period),
  M.field(M.t('延至（当日 24:00）', 'Until the end of'), until), M.field(M.t('理由（不写姓名、电话）', 'Reason, no names or numbers'), why), M.h('div.actions', send), out));
};
M.answerRequest = function (row, decision) {
  var zh = decision === 'extended' ? '准予延期至 ' + row.until + '，理由（可不写）：' : '不予延期，请写理由：';
  var why = M.ask('extension ' + row.seq + ' ' + decision, M.t(zh, decision === 'extended' ? 'Granted until ' + row.until + ', remark:' : 'Denied, why?'));
  if (why === null || (decision === 'denied' && !why.trim())) return;
  var body = { command_id: M.newId(), decision: decision, unit: row.unit, task: row.task, period: row.period, request_seq: row.seq };
  if (decision === 'extended') body.until = row.until;
  if (why.trim()) body.why = why.trim();
  M.request('POST', '/api/v1/decisions', body).then(function (answer) {
    M.tell(answer.ok ? M.t('已入账（第 ' + answer.json.seq + ' 条）', 'in the ledger (entry ' + answer.json.seq + ')') : M.faultsSaid(answer));
    M.showSoon();
  });
};
M.pageExtensions = function (main, parts) {
  var open = parts[1] === 'open';
  return M.rows('/api/v1/extensions', { open: open ? '1' : '' }).then(function (answer) {
    if (!answer.ok) { M.put(main, M.faults(answer)); return; }
    M.nowMs = answer.json.now_ms || M.nowMs;
    M.put(main, [M.title(M.t('延期申请', 'More time'), M.asOf(answer.json)),
      M.h('p.hint', M.t('申请不改变时限；准予之后时限才移动。新申请取代尚未答复的旧申请。', 'Asking moves no deadline, only an answer does. A newer request replaces the one that waits.')),
      M.h('div.pick', { role: 'group', 'aria-label': M.t('范围', 'range') }, M.h('a.chip', { href: '#/extensions', 'aria-current': open ? null : 'true' }, M.t('全部', 'All')), M.h('a.chip', { href: '#/extensions/open', 'aria-current': open ? 'true' : null }, M.t('待答复', 'Waiting'))),
      M.me.reports ? M.requestForm(function () { M.show(true); }) : '',
      M.table([
        { head: M.t('时间', 'When'), keep: true, of: function (row) { return M.when(row.at_ms); } },
        { head: M.t('单位', 'Unit'), keep: true, of: function (row) { return M.unit(row.unit); } },
        { head: M.t('任务', 'Task'), keep: true, of: function (row) { return M.taskShown(row.task); } },
        { head: M.t('报送期', 'Period'), keep: true, of: function (row) { return row.period; } },
        { head: M.t('申请延至', 'Wanted'), keep: true, of: function (row) { return row.until; } },
        { head: M.t('理由', 'Reason'), of: function (row) { return row.why; } },
        { head: M.t('状态', 'State'), keep: true, of: function (row) { return M.word('request_state', row.state); }, show: function (row) { return M.lamp(M.requestLamps[row.state], M.word('request_state', row.state)); } },
        { head: M.t('答复', 'Answer'), of: function (row) { return row.answer || ''; }, show: function (row) {
          if (row.state !== 'pending' || !M.me.decides) return (row.answer || '') + (row.officer ? M.t('（' + row.officer + '）', ' (' + row.officer + ')') : '');
          var what = M.unit(row.unit) + ' ' + M.taskShown(row.task) + ' ' + row.period;
          return M.h('span', M.h('button.quiet', { type: 'button', 'aria-label': M.t('准予 ', 'grant ') + what, onclick: function () { M.answerRequest(row, 'extended'); } }, M.t('准予', 'Grant')),
            M.h('button.quiet', { type: 'button', 'aria-label': M.t('不予 ', 'deny ') + what, onclick: function () { M.answerRequest(row, 'denied'); } }, M.t('不予', 'Deny'))); } },
        { head: M.t('条目', 'Entry'), right: true, of: function (row) { return row.seq; }, show: function (row) { return M.h('a', { href: '#/entry/' + row.seq }, '№ ' + row.seq); } }
      ], answer.json.rows.slice().reverse(), { name: 'extensions', caption: M.t('延期申请', 'Requests for more time'), nothing: M.t('没有延期申请', 'nobody asks for more time') })]);
  });
};
