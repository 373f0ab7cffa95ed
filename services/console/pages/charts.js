// Charts, by ECharts: loaded when the first is shown, each with its data as a table beside it, told in a sentence to who cannot see it,
// still for who wants no motion. Without the library, or without data, the table is there all the same.
'use strict';
M.charts = [];
M.ink = { done: '#1f5fa8', bar: '#9dbbdc', pace: '#55626f', goal: '#1c6b3a', need: '#a34a00', line: '#e2e7ec', soft: '#55626f', ink: '#1c2733', green: '#3d9460', yellow: '#d98e04', red: '#b3261e', grey: '#8a949e' };
M.isStill = function () { return M.quietly || (window.matchMedia && window.matchMedia('(prefers-reduced-motion: reduce)').matches); };
window.addEventListener('resize', function () {
  clearTimeout(M.resizeTimer);
  M.resizeTimer = setTimeout(function () { M.chartsTidy(); M.charts.forEach(function (chart) { chart.resize(); chart.redraw(); }); }, 100);
});
// What stands on no page any more is let go.
M.chartsTidy = function () {
  M.charts = M.charts.filter(function (chart) {
    var kept = document.body.contains(chart.getDom());
    if (!kept) chart.dispose();
    return kept;
  });
};
// made: (width) → options of ECharts; keys: [[class, words]], the legend; label: what the chart says, in a sentence.
M.chart = function (height, label, keys, made) {
  var box = M.h('div.canvas', { role: 'img', 'aria-label': label }), note = M.h('p.hint.noprint', '');
  box.style.height = height + 'px';
  M.library('echarts').then(function (echarts) {
    M.chartsTidy();
    if (!document.body.contains(box)) return;
    var chart = echarts.init(box, null, { devicePixelRatio: Math.max(2, window.devicePixelRatio || 1) }); // sharp on paper too
    M.charts.push(chart);
    chart.redraw = function () {
      chart.setOption(Object.assign({ animation: !M.isStill(), animationDuration: 400, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12, color: M.ink.ink } }, made(box.clientWidth)), true);
    };
    chart.redraw();
    box.setAttribute('data-drawn', 'yes');
  }).catch(function (error) {
    box.style.display = 'none';
    M.put(note, M.t('图没有载入，请看表。', 'The chart did not load; see the table. ') + error.message);
  });
  return M.h('figure.chart', M.h('figcaption', keys.map(function (key) { return M.h('span.key.' + key[0], key[1]); })), box, note);
};
M.axis = function (more) {
  return Object.assign({ axisLine: { lineStyle: { color: '#b4bfca' } }, axisTick: { show: false }, axisLabel: { color: M.ink.soft, fontSize: 12 }, splitLine: { lineStyle: { color: M.ink.line } } }, more);
};
// how far a bar reaches
M.percent = function (value, goal) { return goal ? Math.min(100, Math.floor((value || 0) * 1000 / goal) / 10) : 0; };

// --- the board: every target against the even pace ---
M.paceChart = function (rows) {
  var targets = rows.filter(function (row) { return row.goal; });
  if (!targets.length) return M.h('p.nothing', M.t('没有带目标的指标', 'no targets'));
  var names = targets.map(function (row) { return M.task(row.task).number + ' ' + M.indicator(row.indicator).name + (row.stretch ? M.t('（争取）', ' (stretch)') : ''); });
  var behind = targets.filter(function (row) { return row.lamp === 'red' || row.lamp === 'yellow'; }).length;
  var label = M.t('各指标完成率对序时进度：' + targets.length + ' 项指标，其中黄灯、红灯 ' + behind + ' 项。数据见“指标一览”表。', 'Rate of each target against the even pace: ' + targets.length + ' targets, ' + behind + ' yellow or red. See the table.');
  return M.chart(targets.length * 30 + 40, label, [['green', M.t('绿', 'green')], ['yellow', M.t('黄', 'yellow')], ['red', M.t('红', 'red')], ['mark', M.t('序时进度', 'even pace')]], function (width) {
    var room = width < 520 ? 110 : 210;
    return {
      grid: { left: room, right: width < 520 ? 58 : 190, top: 4, bottom: 28 },
      xAxis: M.axis({ type: 'value', min: 0, max: 100, axisLabel: { formatter: '{value}%', color: M.ink.soft } }),
      yAxis: [M.axis({ type: 'category', inverse: true, data: names, splitLine: { show: false }, axisLabel: { color: M.ink.ink, width: room - 12, overflow: 'truncate' } }),
        M.axis({ type: 'category', inverse: true, position: 'right', axisLine: { show: false }, splitLine: { show: false }, axisLabel: { color: M.ink.ink }, data: targets.map(function (row) {
          return M.rate(row.done, row.goal) + (width < 520 ? '' : '  ' + M.lampWords(row));
        }) })],
      series: [{ type: 'bar', barWidth: 14, showBackground: true, backgroundStyle: { color: '#eef1f4' }, data: targets.map(function (row) {
        return { value: M.percent(row.done, row.goal), itemStyle: { color: M.ink[row.lamp] || M.ink.grey } };
      }) }, { type: 'line', z: 5, symbol: 'rect', symbolSize: [3, 22], showAllSymbol: true, lineStyle: { width: 0 }, itemStyle: { color: M.ink.ink }, data: targets.map(function (row, index) { return row.expected ? [M.percent(row.expected, row.goal), index] : null; }).filter(Boolean) }]
    };
  });
};

// --- one figure, month by month ---
// Months of the plan with what was reported in each, the running total, the even pace, and what is needed from now on.
// Of an *each* target what one member has too much helps no other: totals stop at each member's goal, as the verdict does.
M.months = function (indicator, rows, target, task) {
  var today = M.day(M.nowMs), sums = {}, list = [], aim = indicator.target || {}, most = aim.shape === 'each' ? aim.goal : Infinity;
  function number(day) { return Math.floor(Date.parse(day) / 86400000); }
  function add(row) { sums[row.member || ''] = (sums[row.member || ''] || 0) + (row.amount || 0); }
  function total() { return Object.keys(sums).reduce(function (sum, member) { return sum + Math.min(sums[member], most); }, 0); }
  function isOpening(row) { return !!indicator.opening && row.fact_day === M.plan.from; }
  rows.filter(isOpening).forEach(add);
  M.plan.periods.filter(function (period) { return !period.confirmation; }).forEach(function (period) {
    var month = 0, begun = period.from <= today, one = { period: period };
    rows.forEach(function (row) { if (row.period === period.id && !isOpening(row)) { month += row.amount || 0; add(row); } });
    one.month = begun ? month : null;
    one.total = begun ? total() : null;
    one.pace = null;
    if (target.goal && task) {
      var from = number(task.from), due = number(M.day(target.due_ms) === '–' ? task.due : M.day(target.due_ms)), at = Math.min(due, Math.max(from, number(period.to)));
      one.pace = Math.round((target.opening || 0) + (target.goal - (target.opening || 0)) * (at - from + 1) / (due - from + 1));
      one.due = number(period.from) <= due && due <= number(period.to);
    }
    list.push(one);
  });
  return list;
};
// The path from what is done to the goal in the month in which it is due: the run-rate, drawn.
M.needed = function (months, goal) {
  var last = -1, due = -1;
  months.forEach(function (one, index) { if (one.total !== null) last = index; if (one.due) due = index; });
  if (!goal || last < 0 || due <= last || months[last].total >= goal) return null;
  return months.map(function (one, index) {
    return index < last || index > due ? null : months[last].total + (goal - months[last].total) * (index - last) / (due - last);
  });
};
M.shortNumber = function (value) { // 1234.5678 → 1,234.57
  if (value === null || value === undefined) return '';
  var parts = String(Math.round(value * 100) / 100).split('.');
  return M.grouped(parts[0]) + (parts[1] ? '.' + parts[1] : '');
};
M.figureChart = function (indicator, rows, target) {
  var task = M.plan.tasks.filter(function (one) { return one.id === target.task; })[0], months = M.months(indicator, rows, target, task), said = months.filter(function (one) { return one.total !== null; });
  if (!rows.length) return M.h('p.nothing', M.t('还没有报送，没有图。', 'Nothing is reported yet: no chart.'));
  var money = indicator.measure === 'money', most = Math.max.apply(null, months.map(function (one) { return Math.max(one.total || 0, one.pace || 0); }).concat([target.goal || 0, 1]));
  var per = !money ? 1 : most >= 1e12 ? 1e10 : 1e6, unit = !money ? indicator.unit_word || '' : per === 1e10 ? '亿元' : '万元', needed = M.needed(months, target.goal);
  function scaled(value) { return value === null || value === undefined ? null : value / per; }
  var newest = said[said.length - 1], label = indicator.name + M.t('各月数与累计：', ', month and running total: ') + (newest ? M.periodShown(newest.period.id) + M.t(' 累计 ', ' total ') + M.amount(newest.total, indicator) : '') + (target.goal ? M.t('，目标 ', ', goal ') + M.amount(target.goal, indicator) : '') + M.t('。数据见下表。', '. See the table below.');
  var keys = [['month', M.t('本月数', 'month')], ['done', M.t('累计完成', 'running total')]];
  if (target.goal) keys.push(['pace', M.t('序时进度', 'even pace')], ['goal', M.t('目标', 'goal')]);
  if (needed) keys.push(['need', M.t('按期完成所需', 'needed from now on')]);
  function line(values, colour, more) { return Object.assign({ type: 'line', data: values, symbol: 'none', lineStyle: Object.assign({ color: colour, width: 1.5 }, more), itemStyle: { color: colour } }); }
  return M.chart(280, label, keys, function (width) {
    var series = [{ type: 'bar', barMaxWidth: 36, itemStyle: { color: M.ink.bar }, data: months.map(function (one) { return scaled(one.month); }) },
      { type: 'line', z: 5, data: months.map(function (one) { return scaled(one.total); }), symbol: 'circle', symbolSize: 8, itemStyle: { color: M.ink.done }, lineStyle: { color: M.ink.done, width: 2.5 }, label: { show: width >= 520, position: 'top', color: M.ink.ink, formatter: function (at) { return M.shortNumber(at.value); } } }];
    if (target.goal) series.push(line(months.map(function (one) { return scaled(one.pace); }), M.ink.pace, { type: 'dashed' }), line(months.map(function () { return scaled(target.goal); }), M.ink.goal, { type: 'solid', width: 1 }));
    if (needed) series.push(line(needed.map(scaled), M.ink.need, { type: 'dotted', width: 2 }));
    return { grid: { left: 72, right: 20, top: 28, bottom: 28 },
      xAxis: M.axis({ type: 'category', data: months.map(function (one) { return M.periodShown(one.period.id); }), splitLine: { show: false } }),
      yAxis: M.axis({ type: 'value', min: 0, name: M.t('单位：', 'unit: ') + unit, nameTextStyle: { color: M.ink.soft, align: 'left' }, nameGap: 12, minInterval: money ? 0 : 1 }), series: series };
  });
};
M.monthsTable = function (indicator, rows, target) {
  var task = M.plan.tasks.filter(function (one) { return one.id === target.task; })[0], months = M.months(indicator, rows, target, task), head = M.fileUnit(indicator);
  function column(zh, en, of) {
    return { head: M.t(zh, en), right: true, of: function (one) { var value = of(one); return value === null || value === undefined ? '–' : (value < 0 ? '−' : '') + M.amount(Math.abs(value), indicator); },
      file: [{ head: M.t(zh, en) + head, of: function (one) { var value = of(one); return value === null || value === undefined ? '' : M.fileAmount(value, indicator); } }] };
  }
  var columns = [{ head: M.t('报送期', 'Period'), keep: true, of: function (one) { return M.periodShown(one.period.id); } },
    column('本月数', 'Month', function (one) { return one.month; }), column('累计完成', 'Running total', function (one) { return one.total; })];
  if (target.goal) columns.push(column('序时进度', 'Even pace', function (one) { return one.pace; }), column('超（欠）序时', 'Ahead of the pace', function (one) { return one.total === null || one.pace === null ? null : one.total - one.pace; }), column('目标', 'Goal', function () { return target.goal; }));
  return M.table(columns, months, { name: 'months-' + indicator.id, caption: M.t('各月完成情况', 'Month by month'), note: M.t('各月完成情况', 'Month by month') + (target.opening ? M.t('，含期初累计 ', ', with the opening balance ') + M.amount(target.opening, indicator) : '') + ((indicator.target || {}).shape === 'each' ? M.t('；各分项以其目标为限', '; each member up to its goal') : '') });
};
// Of an *each* target: every member against its own goal.
M.membersTable = function (indicator, rows) {
  var goal = (indicator.target || {}).goal;
  function done(member) { return rows.reduce(function (sum, row) { return sum + (row.member === member.id ? row.amount || 0 : 0); }, 0); }
  function column(zh, en, of) { return { head: M.t(zh, en), right: true, of: function (member) { return M.amount(of(member), indicator); }, file: [{ head: M.t(zh, en) + M.fileUnit(indicator), of: function (member) { return M.fileAmount(of(member), indicator); } }] }; }
  return M.table([{ head: M.t('分项', 'Member'), of: function (member) { return member.name; } }, column('完成', 'Done', done), column('目标', 'Goal', function () { return goal; }),
    column('尚差', 'Short by', function (member) { return Math.max(0, goal - done(member)); }), { head: M.t('完成率', 'Rate'), right: true, of: function (member) { return M.rate(done(member), goal); } }],
  indicator.members, { name: 'members-' + indicator.id, caption: M.t('各分项完成情况', 'Member by member'), note: M.t('各分项完成情况', 'Member by member') });
};
// In a file amounts are numbers: money in 万元, exact to the fen.
M.fileUnit = function (indicator) { return indicator.measure === 'money' ? '（万元）' : indicator.unit_word ? '（' + indicator.unit_word + '）' : ''; };
M.fileAmount = function (value, indicator) { return value === undefined || value === null ? '' : indicator.measure === 'money' ? value / 1e6 : value; };
