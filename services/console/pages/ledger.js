// The ledger 台账 and the scores of units, as the documents room makes them: the same rows as in the files.
'use strict';
M.pageLedger = function (main, parts) {
  var period = parts[1] || '', query = period ? '&period=' + period : '';
  return M.get(M.query('/api/v1/ledger', { period: period, form: 'json' })).then(function (answer) {
    if (!answer.ok) { M.put(main, M.faults(answer)); return; }
    var json = answer.json, today = M.day(M.nowMs);
    M.nowMs = json.now_ms;
    M.put(main, [M.title(M.t('台账', 'Ledger'), M.asOf(json)),
      M.h('div.pick', { role: 'group', 'aria-label': M.t('报送期', 'period') }, M.h('a.chip', { href: '#/ledger', 'aria-current': period ? null : 'true' }, M.t('全年', 'The year')), M.plan.periods.filter(function (one) { return one.from <= today; }).map(function (one) {
        return M.h('a.chip', { href: '#/ledger/' + one.id, 'aria-current': period === one.id ? 'true' : null }, M.periodShown(one.id));
      })),
      M.h('div.actions.noprint', [['xlsx', 'XLSX'], ['csv', 'CSV'], ['gb18030', M.t('CSV（GB18030，旧版 Excel）', 'CSV in GB18030')]].map(function (form) {
        return M.h('a.button', { href: '/api/v1/ledger?form=' + form[0] + query, download: '' }, M.t('下载 ', 'Download ') + form[1]);
      })), M.h('p.hint', json.note),
      M.table(json.columns.map(function (column) {
        return { head: column.head, right: column.number, of: function (row) { return row[column.head]; } };
      }), json.rows, { name: 'ledger', caption: json.title })]);
  });
};
M.points = function (hundredths) { return hundredths === undefined ? '–' : (hundredths / 100).toFixed(2); };
M.pageScore = function (main, parts) {
  return M.get(M.query('/api/v1/score', { unit: parts[1] })).then(function (answer) {
    if (!answer.ok) { M.put(main, M.faults(answer)); return; }
    var json = answer.json, rows = json.rows.filter(function (row) { return row.total !== undefined; });
    M.nowMs = json.now_ms;
    var one = parts[1] || (!M.me.all_units && M.me.unit);
    M.put(main, [M.title(one ? M.unit(one) + M.t('　考核计分', ' – score') : M.t('各单位考核计分', 'Scores of units'), M.asOf(json)),
      M.h('p.hint', M.t('按计划文件中的计分规则计算，每一行都可以自己再算一遍。得分 = 100 × 得 ÷ 满分 − 扣。', 'By the rules in the plan file; every line can be computed again. Score = 100 × gained ÷ possible − lost.')),
      one ? rows.map(M.scoreLines) : M.table([
        { head: M.t('单位', 'Unit'), keep: true, of: function (row) { return row.name; }, show: function (row) { return M.h('a', { href: '#/score/' + row.unit }, row.name); } },
        { head: M.t('得分', 'Score'), right: true, of: function (row) { return M.points(row.total); } },
        { head: M.t('得', 'Gained'), right: true, of: function (row) { return M.points(row.gained); } },
        { head: M.t('满分', 'Possible'), right: true, of: function (row) { return M.points(row.possible); } },
        { head: M.t('扣', 'Lost'), right: true, of: function (row) { return M.points(row.lost); } },
        { head: M.t('逐条依据', 'Line by line'), of: function (row) { return row.sum; }, show: function (row) { return M.h('a', { href: '#/score/' + row.unit }, M.t('查看', 'show')); } }
      ], rows, { name: 'score', caption: M.t('各单位考核计分', 'Scores of units'), nothing: M.t('计划文件没有计分规则，或还没有可计分的内容', 'nothing to score yet') }),
      one && !rows.length ? M.h('p.nothing', M.t('还没有可计分的内容。', 'Nothing to score yet.')) : '']);
  });
};
M.scoreLines = function (row) {
  return M.h('section', M.h('p.big', M.points(row.total), M.h('span.of', M.t(' 分　', '  ') + row.sum)), M.table([
    { head: M.t('项目', 'Rule'), keep: true, of: function (line) { return line.name; } },
    { head: M.t('计算', 'Sum'), keep: true, of: function (line) { return line.applies ? line.sum : M.t('不适用', 'does not apply'); } },
    { head: M.t('得（扣）分', 'Points'), right: true, of: function (line) { return line.applies ? M.points(line.hundredths) : '–'; } },
    { head: M.t('依据', 'Because of'), of: function (line) { return line.why; } }
  ], row.lines, { name: 'score-' + row.unit, caption: row.name + M.t(' 考核计分', ' score') }));
};
