// The clerk's page: what is owed this month, how many days are left, what was told.
'use strict';
M.currentPeriod = function (rows) {
  var open = rows.filter(function (row) { return row.standing === 'due' || row.standing === 'overdue' || row.standing === 'returned'; });
  var today = M.day(M.nowMs), begun = M.plan.periods.filter(function (period) { return period.from <= today && rows.some(function (row) { return row.period === period.id; }); });
  var last = (begun[begun.length - 1] || M.plan.periods[0]).id;
  var now = open.filter(function (row) { return row.period === last; });
  return now.length || !open.length ? last : open[0].period;
};
M.daysShown = function (row) {
  if (row.standing === 'reported' || row.standing === 'approved') return '';
  var days = M.daysLeft(row.due_ms, M.nowMs);
  if (days < 0) return M.t('已逾期 ' + (-days) + ' 天', 'overdue by ' + (-days) + ' d');
  return days === 0 ? M.t('今天 24:00 截止', 'due today at 24:00') : M.t('还剩 ' + days + ' 天', days + ' days left');
};
M.taskCard = function (row, draft) {
  var task = M.task(row.task), lamp = M.obligationLamp(row, M.nowMs), open = row.standing === 'due' || row.standing === 'overdue' || row.standing === 'returned';
  var at = '#/report/' + row.task + '/' + row.period;
  return M.h('article.card.task.edge-' + lamp,
    M.h('div.taskhead', M.h('h3', M.taskShown(row.task)), M.lamp(lamp, M.obligationWords(row))),
    M.h('p.due', M.h('strong', M.daysShown(row)), M.h('span', M.t('时限 ', 'due '), M.due(row.due_ms))),
    draft ? M.h('p', M.draftLamp(draft), draft.state === 'handed' && M.me.role === 'approver' && draft.login !== M.me.login ? [' ', M.h('a', { href: '#/approve/' + row.task + '/' + row.period }, M.t('去审核', 'look at it'))] : '') : '',
    row.why ? M.h('p.returned', M.t('退回原因：', 'returned because: '), row.why, row.again_ms ? M.t('（' + M.due(row.again_ms) + ' 前重报）', ' (again by ' + M.due(row.again_ms) + ')') : '') : '',
    open ? M.h('p', M.t('需报：', 'Owed: '), M.missingShown(row.missing) || M.t('进展文字', 'progress in words'))
      : M.h('p', M.t('第 ' + row.revision + ' 版有效', 'revision ' + row.revision + ' stands')),
    M.h('div.actions', M.h(open ? 'a.button.primary' : 'a.button', { href: at }, open ? M.t('填报', 'Report') : M.t('查看或更正', 'View or correct')),
      open ? M.h('button', { type: 'button', onclick: function () { M.reportNil(row, task); } }, M.t('无变化', 'No change')) : '',
      M.h('a.button.quiet', { href: '#/history/' + row.task + '/' + row.period }, M.t('历次报送', 'History'))));
};
M.pageTasks = function (main, parts) {
  return Promise.all([M.rows('/api/v1/obligations', {}), M.get('/api/v1/warnings?open=1'), M.follows(), M.drafts()]).then(function (answers) {
    if (!answers[0].ok) { M.put(main, M.faults(answers[0])); return; }
    var rows = answers[0].json.rows, period = parts[1] || M.currentPeriod(rows);
    M.nowMs = answers[0].json.now_ms;
    var mine = rows.filter(function (row) { return row.period === period; });
    var periods = M.plan.periods.filter(function (one) { return rows.some(function (row) { return row.period === one.id; }); });
    M.put(main, [M.title(M.unit(M.me.unit) + M.t('　本月任务', ' – this month'), M.asOf(answers[0].json)),
      M.h('div.pick', { role: 'group', 'aria-label': M.t('报送期', 'period') }, periods.map(function (one) {
        return M.h('a.chip', { href: '#/tasks/' + one.id, 'aria-current': one.id === period ? 'true' : null }, M.periodShown(one.id));
      })), M.warningsBox(answers[1].ok ? answers[1].json.rows : [], answers[2]),
      M.h('div.cards', mine.map(function (row) { return M.taskCard(row, M.draftFor(answers[3], row)); })), mine.length ? '' : M.h('p.nothing', M.t('本期没有报送任务。', 'Nothing is owed in this period.')),
      M.h('h2', M.t('全年报送情况', 'The whole year')), M.yearTable(rows), M.h('p', M.h('a', { href: '#/changes/-/' + M.me.unit }, M.t('本单位全部数据的变动', 'All changes of our figures')))]);
  });
};
M.warningsBox = function (rows, follows) {
  if (!rows.length) return '';
  return M.h('section.notice', M.h('h2', M.t('提醒', 'Reminders')), M.h('ul', rows.slice(-8).reverse().map(function (row) {
    var warning = row.warning, level = warning.level === 'remind' ? 'grey' : warning.level;
    return M.h('li', M.lamp(level, M.word('level', warning.level)), ' ', M.say(warning), M.isOwn(warning) ? M.promiseForm(warning, follows[M.followKey(warning)]) : '');
  })), rows.length > 8 ? M.h('p', M.h('a', { href: '#/warnings' }, M.t('全部 ' + rows.length + ' 条', 'all ' + rows.length))) : '');
};
M.yearTable = function (rows) {
  return M.table([
    { head: M.t('报送期', 'Period'), keep: true, of: function (row) { return row.period; } },
    { head: M.t('任务', 'Task'), keep: true, of: function (row) { return M.taskShown(row.task); }, show: function (row) {
      return M.h('a', { href: '#/report/' + row.task + '/' + row.period }, M.taskShown(row.task)); } },
    { head: M.t('状态', 'State'), keep: true, of: M.obligationWords, show: function (row) { return M.lamp(M.obligationLamp(row, M.nowMs), M.obligationWords(row)); } },
    { head: M.t('时限', 'Due'), keep: true, of: function (row) { return M.due(row.due_ms); } },
    { head: M.t('首次有效报送', 'First valid report'), keep: true, of: function (row) { return M.when(row.first_valid_ms); } },
    { head: M.t('还缺', 'Missing'), of: function (row) { return M.missingShown(row.missing); } }
  ], rows, { name: 'obligations-' + (M.me.unit || 'all'), caption: M.t('全年报送情况', 'The whole year') });
};
M.pageHistory = function (main, parts) {
  var task = parts[1], period = parts[2], unit = parts[3] || M.me.unit, asked = { task: task, period: period, unit: parts[3] };
  return Promise.all([M.get(M.query('/api/v1/standing', asked)), M.get(M.query('/api/v1/decisions', asked)), M.get(M.query('/api/v1/obligations', asked))]).then(function (answers) {
    if (!answers[0].ok) { M.put(main, M.faults(answers[0])); return; }
    var standing = answers[0].json, decisions = answers[1].ok ? answers[1].json.rows : [], owed = answers[2].ok ? answers[2].json.rows[0] : null;
    if (answers[2].ok) M.nowMs = answers[2].json.now_ms;
    M.put(main, [M.title(M.unit(unit) + '　' + M.taskShown(task) + '　' + M.periodShown(period), M.asOf(answers[2].ok ? answers[2].json : {})),
      owed ? M.h('section.card.edge-' + M.obligationLamp(owed, M.nowMs), M.h('div.taskhead', M.h('p', M.t('时限 ', 'due '), M.due(owed.due_ms), owed.again_ms ? M.t('；退回后须于 ', '; due again by ') + M.due(owed.again_ms) + M.t(' 前重报', '') : ''), M.lamp(M.obligationLamp(owed, M.nowMs), M.obligationWords(owed))),
        owed.why ? M.h('p', M.t('退回原因：', 'returned because: '), owed.why) : '', (owed.missing || []).length ? M.h('p', M.t('还缺：', 'missing: '), M.missingShown(owed.missing)) : '') : '',
      M.h('h2', M.t('历次报送', 'Submissions')), M.table([
        { head: M.t('收到时间', 'Received'), keep: true, of: function (row) { return M.when(row.received_ms); } },
        { head: M.t('结果', 'Verdict'), of: function (row) { return row.accepted ? M.t('有效', 'valid') : M.t('校验退回', 'refused'); },
          show: function (row) { return M.lamp(row.accepted ? 'green' : 'red', row.accepted ? M.t('有效 第 ' + row.revision + ' 版', 'valid, revision ' + row.revision) : M.t('校验退回', 'refused')); } },
        { head: M.t('说明', 'Reasons'), of: function (row) { return (row.reasons || []).map(M.say).join(' '); } },
        { head: M.t('账本条目', 'Entry'), right: true, of: function (row) { return row.seq; }, show: function (row) { return M.h('a', { href: '#/entry/' + row.seq }, '№ ' + row.seq); } }
      ], standing.submissions || [], { name: 'history-' + task + '-' + period, caption: M.t('历次报送', 'Submissions') }),
      decisions.length ? [M.h('h2', M.t('裁定', 'Decisions')), M.decisionTable(decisions, task, period)] : '',
      M.me.decides && owed ? M.decisionForm(unit, task, period, standing, owed) : '']);
  });
};
M.decisionTable = function (rows, task, period) {
  return M.table([
    { head: M.t('时间', 'When'), keep: true, of: function (row) { return M.when(row.at_ms); } },
    { head: M.t('裁定', 'Decision'), keep: true, of: function (row) { return M.word('decision', row.decision) + (row.revision ? M.t(' 第 ' + row.revision + ' 版', ' revision ' + row.revision) : '') + (row.until ? ' ' + row.until : ''); } },
    { head: M.t('理由', 'Reason'), of: function (row) { return row.why || ''; } },
    { head: M.t('经办', 'By'), keep: true, of: function (row) { return (row.officer || '') + ' ' + M.word('office', row.office); } },
    { head: M.t('结果', 'Result'), of: function (row) { return row.accepted ? M.t('成立', 'holds') : (row.reasons || []).map(function (reason) { return M.say(reason) || reason.code; }).join(' '); },
      show: function (row) { return M.lamp(row.accepted ? 'green' : 'red', row.accepted ? M.t('成立', 'holds') : M.t('不成立', 'does not hold')); } },
    { head: M.t('账本条目', 'Entry'), right: true, of: function (row) { return row.seq; }, show: function (row) { return M.h('a', { href: '#/entry/' + row.seq }, '№ ' + row.seq); } }
  ], rows, { name: 'decisions-' + task + '-' + period, caption: M.t('裁定', 'Decisions') });
};
M.decisionForm = function (unit, task, period, standing, owed) {
  var why = M.h('textarea', { rows: 2, maxlength: 500 }), until = M.h('input', { type: 'date' }), out = M.h('div'), counts = owed.counts || owed.revision || standing.revision || 0, id = M.newId();
  function decide(decision) {
    var body = { command_id: id, decision: decision, unit: unit, task: task, period: period, why: why.value.trim() };
    if (decision === 'returned' || decision === 'approved') body.revision = counts;
    if (decision === 'extended') body.until = until.value;
    if (!body.why) delete body.why;
    M.request('POST', '/api/v1/decisions', body).then(function (answer) {
      var verdict = answer.json.verdict;
      if (answer.status !== 0 && answer.status !== 503) id = M.newId();
      if (!answer.ok) { M.put(out, M.faults(verdict ? { json: { errors: verdict.reasons } } : answer)); return; }
      M.tell(M.t('已入账（第 ' + answer.json.seq + ' 条）：', 'in the ledger (entry ' + answer.json.seq + '): ') + M.word('decision', decision));
      M.showSoon();
    });
  }
  function button(decision, zh, en, off) { return M.h('button', { type: 'button', disabled: off, onclick: function () { decide(decision); } }, M.t(zh, en)); }
  return M.keeps('decide ' + [unit, task, period].join(' '), M.h('section.card', M.h('h2', M.t('裁定', 'Decide')), out, M.field(M.t('理由（退回、不予延期必填；单位看得到）', 'Reason (needed to return or deny; the unit sees it)'), why),
    M.h('div.actions', button('approved', '通过', 'Approve', !counts), button('returned', '退回', 'Return', !counts)),
    M.field(M.t('延期至（当日24:00前）', 'Extended to the end of'), until), M.h('div.actions', button('extended', '准予延期', 'Extend'), button('denied', '不予延期', 'Deny'))));
};
