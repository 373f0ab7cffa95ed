// What follows a warning: a unit answers for it with a day, the coordinator presses for a report once a day; both see both.
'use strict';
M.followKey = function (row) { return [row.unit, row.task, row.period || '', row.indicator || ''].join(' '); };
M.follows = function () {
  return M.rows('/api/v1/follows', {}).then(function (answer) {
    var all = {};
    (answer.ok ? answer.json.rows : []).forEach(function (row) { all[M.followKey(row)] = row; });
    return all;
  });
};
M.faultsSaid = function (answer) {
  return (answer.json.errors || (answer.json.verdict || {}).reasons || []).map(M.say).join(' ') || M.t('没有成功，请稍后再试。', 'It did not work; try again.');
};

// --- a promise ---
M.promiseShown = function (follow) {
  if (!follow || !follow.by) return '';
  return M.t('承诺 ' + follow.by + ' 前', 'promised by ' + follow.by) + (follow.why ? M.t('：', ': ') + follow.why : '');
};
M.promiseLamp = function (follow) { return M.dayNumber(Date.parse(follow.by) - M.offset()) < M.dayNumber(M.nowMs) ? 'yellow' : 'blue'; };
M.isOwn = function (warning) { return M.me.reports && warning.unit === M.me.unit && (!warning.owner || warning.owner === M.me.unit); };
// One more line below a warning: what is asked is a day and a reason.
M.promiseForm = function (warning, follow) {
  var box = M.h('div.answer'), id = M.newId(), name = 'promise ' + M.followKey(warning) + ' ' + (warning.rung || '');
  function open() {
    var by = M.h('input', { type: 'date', required: true, min: M.day(M.nowMs) }), why = M.h('input', { type: 'text', maxlength: 60 }), out = M.h('div');
    var send = M.h('button.primary', { type: 'submit' }, M.t('认领', 'Promise'));
    M.put(box, M.keeps(name, M.h('form.inline', { onsubmit: function (event) {
      event.preventDefault();
      send.disabled = true;
      var body = { submission_id: id, task: warning.task, by: by.value };
      if (warning.period) body.period = warning.period; else body.indicator = warning.indicator;
      if (why.value.trim()) body.why = why.value.trim();
      M.request('POST', '/api/v1/warnings/answers', body).then(function (answer) {
        send.disabled = false;
        if (answer.status !== 0 && answer.status !== 503) id = M.newId();
        if (!answer.ok) { M.put(out, M.faults(answer.json.verdict ? { json: { errors: answer.json.verdict.reasons } } : answer)); return; }
        M.tell(M.t('已认领（账本第 ' + answer.json.receipt.seq + ' 条），承诺之日前不再提醒。', 'In the ledger (entry ' + answer.json.receipt.seq + '); no reminders until that day.'));
        document.getElementById('main').focus();
        M.showSoon();
      });
    } }, M.field(M.t('承诺办结日期', 'Done by'), by), M.field(M.t('原因（不写姓名、电话）', 'Reason, no names or numbers'), why), M.h('div.actions', send,
      M.h('button', { type: 'button', onclick: close }, M.t('取消', 'Cancel'))), out)));
    by.focus();
  }
  function close() {
    M.put(box, [follow && follow.by ? M.h('span.wraps', M.lamp(M.promiseLamp(follow), M.promiseShown(follow))) : '',
      M.h('button.quiet', { type: 'button', 'aria-label': (follow && follow.by ? M.t('改期：', 'change: ') : M.t('认领：', 'promise: ')) + M.say(warning), onclick: open }, follow && follow.by ? M.t('改期', 'Change the day') : M.t('认领', 'I am on it'))]);
  }
  if (M.holds(name)) open();
  else close();
  return box;
};

// --- a reminder ---
M.remindedShown = function (follow) {
  if (!follow || !follow.reminded_ms) return '';
  return M.when(follow.reminded_ms) + ' ' + (follow.reminded_by || '') + (follow.reminded_count > 1 ? M.t('（共 ' + follow.reminded_count + ' 次）', ' (' + follow.reminded_count + ' times)') : '');
};
M.isOpen = function (row) { return row.standing === 'due' || row.standing === 'overdue' || row.standing === 'returned'; };
M.remindMay = function (row, follow) { return M.me.decides && M.isOpen(row) && !(follow && follow.reminded_ms && M.day(follow.reminded_ms) === M.day(M.nowMs)); };
// All of these, one after the other: each is an entry of its own.
M.remind = function (rows) {
  var done = 0, faults = [];
  function next(at) {
    if (at === rows.length) {
      M.tell((done ? M.t('已催办 ' + done + ' 项，已入账。', done + ' pressed for; it is in the ledger. ') : '') + faults.join(' '));
      M.showSoon();
      return;
    }
    M.request('POST', '/api/v1/decisions', { command_id: M.newId(), decision: 'reminded', unit: rows[at].unit, task: rows[at].task, period: rows[at].period }).then(function (answer) {
      if (answer.ok) done++;
      else if (faults.length < 3) faults.push(M.faultsSaid(answer));
      next(at + 1);
    });
  }
  next(0);
};
M.remindButton = function (rows, follows, label) {
  var able = rows.filter(function (row) { return M.remindMay(row, follows[M.followKey(row)]); });
  if (!able.length) return '';
  return M.h('button.quiet.remind', { type: 'button', 'aria-label': label, onclick: function (event) { event.target.disabled = true; M.remind(able); } }, M.t('催办', 'Remind'));
};
M.followColumns = function (follows) {
  function of(row) { return follows[M.followKey(row)]; }
  return [
    { head: M.t('承诺', 'Promised'), of: function (row) { return M.isOpen(row) ? M.promiseShown(of(row)) : ''; }, show: function (row) {
      return M.isOpen(row) && (of(row) || {}).by ? M.h('span.wraps', M.lamp(M.promiseLamp(of(row)), M.promiseShown(of(row)))) : ''; } },
    { head: M.t('催办', 'Pressed for'), of: function (row) { return M.remindedShown(of(row)); }, show: function (row) {
      return M.h('span.reminded', of(row) && of(row).reminded_seq ? M.h('a', { href: '#/entry/' + of(row).reminded_seq }, M.remindedShown(of(row))) : '',
        M.remindButton([row], follows, M.t('催办 ', 'remind ') + M.unit(row.unit) + ' ' + M.taskShown(row.task) + ' ' + row.period)); } }
  ];
};

// --- warnings ---
M.pageWarnings = function (main, parts) {
  var open = parts[1] !== 'all';
  return Promise.all([M.rows('/api/v1/warnings', { open: open ? '1' : '' }), M.follows()]).then(function (answers) {
    var answer = answers[0], follows = answers[1];
    if (!answer.ok) { M.put(main, M.faults(answer)); return; }
    var rows = answer.json.rows.slice().reverse();
    function follow(row) { return follows[M.followKey(Object.assign({}, row.warning, { unit: row.warning.owner || row.warning.unit }))]; }
    M.put(main, [M.title(M.t('预警记录', 'Warnings'), M.asOf({ now_ms: M.nowMs, as_of: answer.json.as_of })),
      M.h('div.pick', { role: 'group', 'aria-label': M.t('范围', 'range') }, M.h('a.chip', { href: '#/warnings', 'aria-current': open ? 'true' : null }, M.t('未解除', 'Open')), M.h('a.chip', { href: '#/warnings/all', 'aria-current': open ? null : 'true' }, M.t('全部', 'All'))),
      M.table([
        { head: M.t('时间', 'When'), keep: true, of: function (row) { return M.when(row.at_ms); } },
        { head: M.t('级别', 'Level'), keep: true, of: function (row) { return M.word('level', row.warning.level); }, show: function (row) { return M.lamp(row.warning.level === 'remind' ? 'grey' : row.warning.level, M.word('level', row.warning.level)); } },
        { head: M.t('种类', 'Kind'), keep: true, of: function (row) { return M.word('warning_kind', row.warning.kind); } },
        { head: M.t('梯次', 'Rung'), keep: true, of: function (row) { return row.warning.pressed_by ? M.t('催办 ', 'pressed for, ') + row.warning.pressed_by : M.rung(row.warning.rung); } },
        { head: M.t('发给', 'To'), keep: true, of: function (row) { return M.unit(row.warning.unit); } },
        { head: M.t('内容', 'What'), of: function (row) { return M.say(row.warning); } },
        { head: M.t('答复', 'Answer'), of: function (row) { return row.resolved ? '' : M.promiseShown(follow(row)); }, show: function (row) {
          if (row.resolved) return '';
          return M.isOwn(row.warning) ? M.promiseForm(row.warning, follow(row)) : (follow(row) || {}).by ? M.h('span.wraps', M.lamp(M.promiseLamp(follow(row)), M.promiseShown(follow(row)))) : ''; } },
        { head: M.t('状态', 'State'), keep: true, of: function (row) { return M.word('life', row.life); } }
      ], rows, { name: 'warnings', caption: M.t('预警记录', 'Warnings') })]);
  });
};
