// The coordinator's board: seven tasks, each target with its lamp, its pace and what is still needed a month.
'use strict';
M.targetOf = function (row) { return M.indicator(row.indicator).target; };
// What is still to be done a month, rounded up to the digit shown; months after the one that was reported last.
M.runRate = function (row) {
  var left = (row.goal || 0) - (row.done || 0), indicator = M.indicator(row.indicator);
  if (!row.goal || left <= 0 || !row.due_ms) return '';
  var today = M.day(M.nowMs), due = M.day(row.due_ms), months = (Number(due.slice(0, 4)) - Number(today.slice(0, 4))) * 12 + Number(due.slice(5, 7)) - Number(today.slice(5, 7)) + (Number(today.slice(8, 10)) <= 25 ? 1 : 0);
  if (months < 1) return M.t('时限已过，尚差 ', 'past due, short by ') + M.amount(left, indicator);
  var each = left / months, shown = indicator.measure === 'money' ? Math.ceil(each / 1e6) + ' 万元' : Math.ceil(each) + ' ' + (indicator.unit_word || '');
  return M.t('还剩 ' + months + ' 个月，每月需 ' + shown, shown + ' a month for the ' + months + ' months left');
};
M.lampWords = function (row) {
  if (row.lamp === 'grey' && !row.goal) return M.t('灰 · 不设目标', 'grey · no target');
  var words = row.reach ? M.word('reach', row.reach) : '';
  if (row.tenure === 'broken') words = M.t('在岗中断', 'tenure broken');
  if (row.lamp === 'yellow' && row.reach === 'not_yet') words = M.t('慢于序时', 'behind the pace');
  if (row.lamp === 'green' && row.reach === 'not_yet') words = M.t('不慢于序时', 'at the pace');
  return M.word('lamp', row.lamp) + (words ? ' · ' + words : '');
};
M.pageBoard = function (main) {
  return Promise.all([M.rows('/api/v1/progress', {}), M.me.all_units ? M.rows('/api/v1/obligations', {}) : null]).then(function (answers) {
    if (!answers[0].ok) { M.put(main, M.faults(answers[0])); return; }
    var rows = answers[0].json.rows, owed = answers[1] && answers[1].ok ? answers[1].json.rows : [];
    M.nowMs = answers[0].json.now_ms;
    M.put(main, [M.title(M.plan.title, M.asOf(answers[0].json)), owed.length ? M.tiles(rows, owed) : '',
      M.h('section.card', { 'aria-labelledby': 'pace-head' }, M.h('h2', { id: 'pace-head' }, M.t('完成率对序时进度', 'Rates against the even pace')), M.paceChart(rows)),
      M.h('div.board', M.plan.tasks.map(function (task) { return M.taskPanel(task, rows.filter(function (row) { return row.task === task.id; })); })),
      M.h('h2', M.t('指标一览', 'All indicators')), M.progressTable(rows)]);
  });
};
M.tiles = function (targets, owed) {
  function tile(number, words, lamp, href) { return M.h('a.tile', { href: href }, M.h('span.number', number), M.h('span', M.shape(lamp), ' ', words)); }
  function count(list, test) { return list.filter(test).length; }
  var begun = owed.filter(function (row) { return row.standing !== 'not_due' && row.standing !== 'lifted'; });
  var reported = count(begun, function (row) { return row.standing === 'reported' || row.standing === 'approved'; });
  return M.h('div.tiles', tile(reported + ' / ' + begun.length, M.t('应报已报', 'reported of owed'), 'green', '#/matrix'),
    tile(count(owed, function (row) { return row.standing === 'overdue'; }), M.t('逾期未报', 'overdue'), 'red', '#/late'),
    tile(count(owed, function (row) { return row.timeliness === 'late'; }), M.t('迟报', 'reported late'), 'yellow', '#/late'),
    tile(count(targets, function (row) { return row.lamp === 'red'; }), M.t('红灯指标', 'red targets'), 'red', '#/board'),
    tile(count(targets, function (row) { return row.lamp === 'yellow'; }), M.t('黄灯指标', 'yellow targets'), 'yellow', '#/board'));
};
M.worst = function (rows) {
  return ['red', 'yellow', 'green', 'grey'].filter(function (lamp) { return rows.some(function (row) { return row.lamp === lamp; }); })[0] || 'grey';
};
M.taskPanel = function (task, rows) {
  var lamp = M.worst(rows);
  return M.h('section.card.panel.edge-' + lamp, { 'aria-labelledby': 'task-' + task.id },
    M.h('div.taskhead', M.h('h2', { id: 'task-' + task.id }, task.number + '　' + task.name), M.lamp(lamp, M.word('lamp', lamp))),
    M.h('p.leads', M.t('牵头 ', 'lead '), task.lead.map(M.unit).join('、')),
    rows.length ? rows.map(M.targetLine) : M.h('p.nothing', M.t('只报进展文字', 'progress in words only')));
};
// A meter: what is done, with a mark at the even pace.
M.bar = function (row) {
  var most = Math.max(row.goal || 1, row.done || 0), done = Math.min(1, (row.done || 0) / most), pace = Math.min(1, (row.expected || 0) / most);
  var svg = M.svg('svg', { viewBox: '0 0 200 18', preserveAspectRatio: 'none', 'class': 'bar ' + (row.lamp || 'grey'), role: 'img',
    'aria-label': M.t('完成 ', 'done ') + M.rate(row.done, row.goal) + (row.expected ? M.t('，序时 ', ', pace ') + M.rate(row.expected, row.goal) : '') });
  svg.appendChild(M.svg('rect', { x: 0, y: 4, width: 200, height: 10, rx: 2, 'class': 'track' }));
  svg.appendChild(M.svg('rect', { x: 0, y: 4, width: Math.max(done > 0 ? 1.5 : 0, 200 * done), height: 10, rx: 2, 'class': 'fill' }));
  if (row.expected) svg.appendChild(M.svg('rect', { x: Math.max(0, 200 * pace - 1), y: 0, width: 2, height: 18, 'class': 'pace' }));
  return svg;
};
M.targetLine = function (row) {
  var indicator = M.indicator(row.indicator), needed = M.runRate(row);
  return M.h('div.target', M.h('div.targethead', M.h('a.name', { href: '#/figure/' + row.indicator }, indicator.name, row.stretch ? M.h('span.must', M.t('争取', 'stretch')) : ''), M.lamp(row.lamp, M.lampWords(row))),
    row.goal ? M.bar(row) : '',
    M.h('div.numbers', M.h('span', M.h('strong', M.amount(row.done || 0, indicator)), row.goal ? ' / ' + M.amount(row.goal, indicator) : ''),
      row.goal ? M.h('span', M.rate(row.done, row.goal)) : '', row.expected ? M.h('span', M.t('序时 ', 'pace '), M.amount(row.expected, indicator)) : '', row.due_ms ? M.h('span', M.t('时限 ', 'due '), M.day(row.due_ms)) : ''),
    needed ? M.h('p.hint', needed) : '', row.opening ? M.h('p.hint', M.t('含期初累计 ', 'opening balance '), M.amount(row.opening, indicator)) : '',
    row.tenure ? M.h('p.hint', M.t('在岗 ', 'tenure '), M.word('tenure', row.tenure)) : '');
};
M.progressTable = function (rows) {
  return M.table([
    { head: M.t('任务', 'Task'), keep: true, of: function (row) { return M.taskShown(row.task); } },
    { head: M.t('指标', 'Indicator'), of: function (row) { return M.indicator(row.indicator).name; }, show: function (row) { return M.h('a', { href: '#/figure/' + row.indicator }, M.indicator(row.indicator).name); } },
    { head: M.t('完成', 'Done'), right: true, of: function (row) { return M.amount(row.done || 0, M.indicator(row.indicator)); },
      file: [{ head: M.t('完成', 'Done'), of: function (row) { return M.fileAmount(row.done || 0, M.indicator(row.indicator)); } }] },
    { head: M.t('目标', 'Goal'), right: true, of: function (row) { return row.goal ? M.amount(row.goal, M.indicator(row.indicator)) : '–'; },
      file: [{ head: M.t('目标', 'Goal'), of: function (row) { return row.goal ? M.fileAmount(row.goal, M.indicator(row.indicator)) : ''; } },
        { head: M.t('计量单位', 'Unit of measure'), of: function (row) { var indicator = M.indicator(row.indicator); return indicator.measure === 'money' ? '万元' : indicator.unit_word || ''; } }] },
    { head: M.t('完成率', 'Rate'), right: true, of: function (row) { return M.rate(row.done, row.goal); } },
    { head: M.t('序时', 'Pace'), right: true, of: function (row) { return row.expected ? M.rate(row.expected, row.goal) : '–'; } },
    { head: M.t('还需', 'Still needed'), of: function (row) { return M.runRate(row); } },
    { head: M.t('时限', 'Due'), keep: true, of: function (row) { return M.day(row.due_ms); } },
    { head: M.t('状态', 'State'), keep: true, of: M.lampWords, show: function (row) { return M.lamp(row.lamp, M.lampWords(row)); } },
    { head: M.t('尚欠单位', 'Owing'), right: true, of: function (row) { return (row.owing || []).length || ''; } }
  ], rows, { name: 'progress', caption: M.t('指标一览', 'All indicators'), note: M.t('金额单位见各格；完成率按实计算，超额完成的高于 100%', 'rates beyond the goal are above 100 %') });
};
