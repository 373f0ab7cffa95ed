// From a figure to its reports, and from a report to its entry in the ledger.
'use strict';
M.pageFigure = function (main, parts) {
  var indicator = M.indicator(parts[1]);
  return Promise.all([M.rows('/api/v1/figures', { indicator: parts[1] }), M.get('/api/v1/progress')]).then(function (answers) {
    if (!answers[0].ok) { M.put(main, M.faults(answers[0])); return; }
    var rows = answers[0].json.rows, target = (answers[1].ok ? answers[1].json.rows : []).filter(function (row) { return row.indicator === parts[1]; })[0] || {};
    if (answers[1].ok) M.nowMs = answers[1].json.now_ms;
    M.put(main, [M.title(indicator.name, M.asOf(Object.assign({ now_ms: M.nowMs }, { as_of: answers[0].json.as_of }))),
      M.h('section.card', M.h('div.taskhead', M.h('p.big', M.amount(answers[0].json.total || 0, indicator), target.goal ? M.h('span.of', ' / ' + M.amount(target.goal, indicator), target.done !== undefined && target.done !== answers[0].json.total ? M.t('，计入目标 ', ', towards the goal ') + M.amount(target.done || 0, indicator) : '') : ''), target.lamp ? M.lamp(target.lamp, M.lampWords(target)) : ''),
        M.me.all_units && indicator.measure !== 'people' ? M.figureChart(indicator, rows, target) : ''),
      M.me.all_units && indicator.measure !== 'people' ? M.monthsTable(indicator, rows, target) : '',
      M.me.all_units && (indicator.target || {}).shape === 'each' ? M.membersTable(indicator, rows) : '',
      M.h('h2', M.me.all_units ? M.t('由这些报送构成', 'Made of these reports') : M.t('其中本单位', 'Of which your unit')), M.table([
        { head: M.t('单位', 'Unit'), keep: true, of: function (row) { return M.unit(row.unit); } },
        { head: M.t('报送期', 'Period'), keep: true, of: function (row) { return row.period; } },
        { head: M.t('分项', 'Member'), of: function (row) { return row.member ? M.member(indicator, row.member) : row.fact_day === M.plan.from && indicator.opening ? M.t('期初累计', 'opening balance') : ''; } },
        { head: M.t('数额', 'Amount'), right: true, of: function (row) { return row.amount === undefined ? '' : M.amount(row.amount, indicator); },
          file: [{ head: M.t('数额', 'Amount') + M.fileUnit(indicator), of: function (row) { return M.fileAmount(row.amount, indicator); } }] },
        { head: M.t('发生日期', 'Fact'), of: function (row) { return row.fact_day || ''; } },
        { head: M.t('收到时间', 'Received'), keep: true, of: function (row) { return M.when(row.received_ms); } },
        { head: M.t('佐证', 'Evidence'), right: true, of: function (row) { return row.evidence || 0; }, show: function (row) { return row.evidence ? M.h('a', { href: '#/entry/' + row.cause_seq }, M.t(row.evidence + ' 个', row.evidence)) : '0'; } },
        { head: M.t('账本条目', 'Ledger entry'), right: true, of: function (row) { return row.cause_seq; }, show: function (row) { return M.h('a', { href: '#/entry/' + row.cause_seq }, '№ ' + row.cause_seq); } },
        { head: M.t('变动', 'Changes'), tool: true, of: function () { return ''; }, show: function (row) { return M.h('a', { href: '#/changes/' + parts[1] + '/' + row.unit, 'aria-label': M.t('变动：', 'changes: ') + M.unit(row.unit) + ' ' + row.period }, M.t('变动', 'changes')); } }
      ], rows, { name: 'figure-' + parts[1], caption: indicator.name })]);
  });
};
M.pageEntry = function (main, parts) {
  return M.get('/api/v1/entries/' + encodeURIComponent(parts[1])).then(function (answer) {
    if (!answer.ok) { M.put(main, M.faults(answer)); return; }
    var entry = answer.json, body = entry.body || {};
    function line(name, value, mono) { return value === undefined || value === '' ? '' : M.h('div.line', M.h('dt', name), M.h(mono ? 'dd.mono' : 'dd', value)); }
    var report = entry.kind === 'report_received' ? body.report : null;
    M.put(main, [M.title(M.t('账本第 ' + entry.seq + ' 条', 'Ledger entry ' + entry.seq), M.asOf({ as_of: entry.head_seq })),
      M.h('section.card', M.h('dl', line(M.t('事件', 'Event'), report ? M.t('收到报告', 'report received') : entry.kind), line(M.t('入账时间', 'Stamp'), M.when(entry.at_ms)),
        report ? [line(M.t('单位', 'Unit'), M.unit(body.unit)), line(M.t('任务', 'Task'), M.taskShown(report.task)), line(M.t('报送期', 'Period'), M.periodShown(report.period)),
          line(M.t('入口', 'Door'), body.door === 'console' ? M.t('网页，登录 ', 'console, login ') + body.login + (body.drafted_by ? M.t('（审核报送；填报登录 ', ' (approved and sent; drafted by ') + body.drafted_by + M.t('）', ')') : '') : M.t('网关，密钥第 ' + body.key_generation + ' 代', 'gateway, key ' + body.key_generation)),
          line(M.t('替换', 'Replaces'), report.replaces ? M.t('第 ' + report.replaces + ' 版', 'revision ' + report.replaces) : '')] : '',
        line(M.t('内容摘要', 'Content hash'), body.content_hash, true), line(M.t('链哈希', 'Chained hash'), entry.chain, true), line(M.t('前一条', 'Before it'), entry.previous, true))),
      report ? M.reportShown(report) : M.h('section.card', M.h('pre.mono', { tabindex: '0' }, JSON.stringify(body, null, 1))),
      M.h('div.actions', entry.seq > 1 && M.me.all_units ? M.h('a.button', { href: '#/entry/' + (entry.seq - 1) }, M.t('上一条', 'Previous')) : '', entry.seq < entry.head_seq && M.me.all_units ? M.h('a.button', { href: '#/entry/' + (entry.seq + 1) }, M.t('下一条', 'Next')) : '')]);
  });
};
M.reportShown = function (report) {
  var lines = [];
  (report.figures || []).forEach(function (figure) {
    var indicator = M.indicator(figure.indicator), name = indicator.name + (figure.member ? ' · ' + M.member(indicator, figure.member) : '');
    lines.push({ name: name, amount: figure.nil ? M.t('无变化', 'no change') : figure.amount !== undefined ? M.amount(figure.amount, indicator) : figure.running !== undefined ? M.t('累计 ', 'running ') + M.amount(figure.running, indicator) : '', key: '', day: '' });
    (figure.items || []).forEach(function (item) {
      lines.push({ name: '　' + M.word('key_kind', item.key_kind), key: item.key || M.t('（姓名在保密库）', '(name in the vault)'), day: (item.fact_day || '') + (item.out_day ? ' – ' + item.out_day : ''), amount: item.amount === undefined ? '' : M.amount(item.amount, indicator), evidence: item.evidence });
    });
  });
  function words(name, text) { return text ? M.h('div', M.h('h3', name), M.h('p.words', text)) : ''; }
  return M.h('section.card', M.h('h2', M.t('报告内容', 'The report')), lines.length ? M.table([
    { head: M.t('指标 / 明细', 'Indicator / item'), of: function (row) { return row.name; } }, { head: M.t('编号', 'Number'), of: function (row) { return row.key; } },
    { head: M.t('日期', 'Day'), of: function (row) { return row.day; } }, { head: M.t('数额', 'Amount'), right: true, of: function (row) { return row.amount; } },
    { head: M.t('佐证', 'Evidence'), of: function (row) { return row.evidence || ''; }, show: function (row) { return row.evidence ? M.evidenceLink('', row.evidence) : ''; } }
  ], lines, { name: 'report-' + report.task + '-' + report.period, caption: M.t('报告内容', 'The report') }) : '', words(M.t('进展', 'Progress'), report.progress), words(M.t('存在问题', 'Problems'), report.problems), words(M.t('下一步', 'Next step'), report.next_step),
  (report.evidence || []).map(function (one) { return M.h('p', M.t('佐证 ', 'Evidence '), M.evidenceLink(one.name, one.sha256), M.h('span.mono', ' ' + one.sha256)); }),
  (report.explanations || []).map(function (one) { return words(M.t('情况说明', 'Explanation ' + one.code), one.text); }));
};
