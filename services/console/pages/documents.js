// Bulletins and the annual summary: what is out, a draft to look at, its window for objections, and what goes out.
'use strict';
M.issueState = function (row) {
  if (!row) return { lamp: 'grey', words: M.t('未公示', 'not announced') };
  if (row.published_seq) return { lamp: row.errata_count ? 'yellow' : 'green', words: M.t('已印发', 'published') };
  if (row.open_until_ms > M.nowMs) return { lamp: 'blue', words: M.t('公示中', 'open for objections') };
  if (row.objections_open) return { lamp: 'red', words: M.t('有异议待答复', 'objections to answer') };
  return { lamp: 'yellow', words: M.t('公示期满，可印发', 'may be published') };
};
// How long units may still object. Days of rest do not count, so the end is an instant, never a number of hours.
M.windowShown = function (row) {
  if (!row || !row.announced_seq) return '';
  if (row.published_seq) return M.due(row.open_until_ms);
  return row.open_until_ms > M.nowMs ? M.t('至 ', 'until ') + M.due(row.open_until_ms) : M.t('已于 ', 'closed at ') + M.due(row.open_until_ms) + M.t(' 届满', '');
};
M.issueName = function (kind, period) { return M.word('document_kind', kind) + (period ? ' ' + M.periodShown(period) : ''); };
M.issueAddress = function (kind, period, edition) { return '#/document/' + kind + '/' + (period || 'year') + (edition ? '/' + edition : ''); };
M.paperPath = function (kind, period, edition, form) { return '/api/v1/documents/' + kind + (period ? '/' + period : '') + '?edition=' + edition + '&form=' + form; };
// Those that may be asked for: every period that has begun, and the year.
M.issues = function (rows) {
  var today = M.day(M.nowMs), all = M.plan.periods.filter(function (period) { return period.from <= today; }).map(function (period) { return { kind: 'bulletin', period: period.id }; });
  all.push({ kind: 'summary', period: '' });
  all.forEach(function (one) {
    one.row = rows.filter(function (row) { return row.kind === one.kind && (row.period || '') === one.period; })[0];
  });
  return M.me.all_units ? all : all.filter(function (one) { return one.row; });
};
M.pageDocuments = function (main) {
  return Promise.all([M.get('/api/v1/documents'), M.get('/api/v1/progress')]).then(function (answers) {
    if (!answers[0].ok) { M.put(main, M.faults(answers[0])); return; }
    if (answers[1].ok) M.nowMs = answers[1].json.now_ms;
    var issues = M.issues(answers[0].json.rows);
    M.put(main, [M.title(M.t('通报与总结', 'Bulletins and summary'), M.asOf({ now_ms: M.nowMs, as_of: answers[0].json.as_of })),
      M.h('p.hint', M.me.decides ? M.t('先预览，再公示征求意见；48 小时（节假日不计）期满、异议逐条答复后，方可印发。印发后的内容永不改变，其后的更正另行提示。',
        'Preview, announce; after 48 hours of working days, with every objection answered, it may be published. What is out never changes; corrections are told beside it.')
        : M.t('公示期内，对涉及本单位的内容有异议的，可打开公示稿写明理由提出。', 'While it is open, a unit may object to what is said of it: open the announced draft.')),
      M.table([
        { head: M.t('文件', 'Document'), keep: true, of: function (one) { return M.issueName(one.kind, one.period); }, show: function (one) {
          return M.h('a', { href: M.issueAddress(one.kind, one.period) }, M.issueName(one.kind, one.period)); } },
        { head: M.t('状态', 'State'), keep: true, of: function (one) { return M.issueState(one.row).words; }, show: function (one) { var state = M.issueState(one.row); return M.lamp(state.lamp, state.words); } },
        { head: M.t('文号', 'Number'), keep: true, of: function (one) { return (one.row || {}).shown || ''; } },
        { head: M.t('公示', 'Announced'), keep: true, of: function (one) { return one.row ? M.when(one.row.announced_ms) : ''; } },
        { head: M.t('公示期', 'Objections'), keep: true, of: function (one) { return M.windowShown(one.row); } },
        { head: M.t('异议', 'Raised'), right: true, of: function (one) { return one.row && one.row.objections ? one.row.objections + (one.row.objections_open ? M.t('（待答复 ' + one.row.objections_open + '）', ' (' + one.row.objections_open + ' open)') : '') : ''; } },
        { head: M.t('印发', 'Published'), keep: true, of: function (one) { return one.row && one.row.published_seq ? M.when(one.row.published_ms) : ''; } },
        { head: M.t('更正提示', 'Errata'), keep: true, of: function (one) { return (one.row || {}).errata_count || ''; }, show: function (one) {
          return one.row && one.row.errata_count ? M.lamp('yellow', M.t(one.row.errata_count + ' 项已变动', one.row.errata_count + ' figures changed')) : ''; } }
      ], issues, { name: 'documents', caption: M.t('通报与总结', 'Bulletins and summary'), nothing: M.t('尚未公示或印发任何文件', 'nothing was announced or published yet') }),
      M.h('h2', M.t('其他', 'More')), M.h('ul.plain',
        M.me.all_units ? M.h('li', M.h('a', { href: '#/ledger' }, M.t('台账（帮扶事项、计划、成效）', 'Ledger of measures'))) : '',
        M.h('li', M.h('a', { href: '#/score' }, M.me.all_units ? M.t('各单位考核计分', 'Scores of units') : M.t('本单位考核计分', 'Our score'))),
        M.h('li', M.h('a', { href: '/api/v1/calendar.ics', download: '' }, M.t('各时限的日历（.ics，可导入手机或 Outlook）', 'Deadlines as a calendar (.ics)'))))]);
  });
};

// --- a paper, block by block, as it will be laid out ---
M.paper = function (json) {
  var tags = { title: 'h2.papertitle', heading_1: 'h3.paper1', heading_2: 'h4.paper2', heading_3: 'h5.paper3', annex: 'p.paperannex', annex_title: 'h3.papertitle' };
  return M.h('article.paper', { lang: 'zh-CN', 'aria-label': json.title }, json.blocks.map(function (block) {
    if (block.kind !== 'table') return M.h(tags[block.kind] || 'p.paper-' + block.kind, block.text);
    return M.h('div.scroll', { tabindex: '0', role: 'region', 'aria-label': M.t('附表', 'table') }, M.h('table', M.h('thead', M.h('tr', block.heads.map(function (head) { return M.h('th', { scope: 'col' }, head); }))),
      M.h('tbody', block.rows.map(function (row) {
        return M.h('tr', { 'class': row.strong ? 'strong' : null }, row.cells.map(function (cell, index) {
          return M.h(block.right.indexOf(index) >= 0 ? 'td.right' : block.centre.indexOf(index) >= 0 ? 'td.centre' : 'td', cell);
        }));
      }))));
  }));
};
M.paperForms = function (kind, period, edition) {
  return M.h('div.actions.noprint', M.h('a.button', { href: M.paperPath(kind, period, edition, 'html'), target: '_blank', rel: 'noopener' }, M.t('打印稿（A4，新窗口）', 'For print (A4)')),
    ['docx', 'json'].map(function (form) { return M.h('a.button', { href: M.paperPath(kind, period, edition, form), download: '' }, M.t('下载 ', 'Download ') + form.toUpperCase()); }));
};

// --- one document ---
M.issueEditions = function (row) {
  var list = [];
  if (M.me.all_units && !(row && row.published_seq)) list.push(['preview', M.t('预览（此刻的数据）', 'Preview, as of now')]);
  if (row && row.announced_seq) list.push(['announced', M.t('公示稿', 'As announced')]);
  if (M.me.decides && row && row.announced_seq && !row.published_seq) list.push(['issue', M.t('付印稿', 'To be published')]);
  if (row && row.published_seq) list.push(['published', M.t('印发件', 'As published')]);
  return list;
};
M.pageDocument = function (main, parts) {
  var kind = parts[1], period = parts[2] === 'year' ? '' : parts[2];
  return Promise.all([M.get('/api/v1/documents'), M.get('/api/v1/progress'), M.rows('/api/v1/objections', { period: period })]).then(function (answers) {
    if (!answers[0].ok) { M.put(main, M.faults(answers[0])); return null; }
    if (answers[1].ok) M.nowMs = answers[1].json.now_ms;
    var row = answers[0].json.rows.filter(function (one) { return one.kind === kind && (one.period || '') === period; })[0];
    var editions = M.issueEditions(row), edition = parts[3] || (editions.length ? editions[editions.length - 1][0] : 'preview');
    if (!parts[3] && row && !row.published_seq && edition === 'issue' && row.open_until_ms > M.nowMs) edition = 'announced';
    var objections = answers[2].ok ? answers[2].json.rows.filter(function (one) { return one.raised.kind === kind && (one.raised.period || '') === period; }) : [];
    return Promise.all([M.get(M.paperPath(kind, period, edition, 'blocks')), M.get(M.paperPath(kind, period, edition, 'json'))]).then(function (papers) {
      if (!papers[0].ok) { M.put(main, [M.title(M.issueName(kind, period)), M.faults(papers[0])]); return; }
      M.showDocument(main, { kind: kind, period: period, row: row, edition: edition, editions: editions, objections: objections, hash: papers[0].edition, blocks: papers[0].json, data: papers[1].ok ? papers[1].json : null });
    });
  });
};
M.showDocument = function (main, at) {
  var row = at.row, state = M.issueState(row), out = M.h('div');
  M.put(main, [M.title(M.issueName(at.kind, at.period) + (row && row.shown ? '　' + row.shown : ''), at.data ? M.asOf(at.data) : ''),
    M.h('section.card', M.h('p', M.lamp(state.lamp, state.words), row && row.announced_seq ? M.h('span.window', M.t('　公示期', '  objections '), row.published_seq || row.open_until_ms > M.nowMs ? M.t('：', '') : '', M.windowShown(row)) : '',
      row && row.published_seq ? M.h('span.window', M.t('　印发 ', '  published '), M.when(row.published_ms), ' ', M.h('a', { href: '#/entry/' + row.published_seq }, '№ ' + row.published_seq)) : ''),
    out, M.issueActions(at, out)),
    M.h('div.pick', { role: 'group', 'aria-label': M.t('版本', 'edition') }, at.editions.map(function (one) {
      return M.h('a.chip', { href: M.issueAddress(at.kind, at.period, one[0]), 'aria-current': one[0] === at.edition ? 'true' : null }, one[1]);
    })),
    M.errataBox(row), M.ownBox(at), M.objectionsBox(at), M.differencesBox(at), M.paperForms(at.kind, at.period, at.edition), M.paper(at.blocks)]);
};
// What was looked at is what goes: its hash goes with the click.
M.issueActions = function (at, out) {
  var row = at.row, id = M.newId().replace(/-/g, ''), announced = row && row.announced_seq;
  if (!M.me.decides || (row && row.published_seq) || (at.edition !== 'preview' && at.edition !== 'issue')) return '';
  var publish = at.edition === 'issue', waits = publish && (row.open_until_ms > M.nowMs || row.objections_open > 0);
  function go(event) {
    var button = event.target, ask = publish ? M.t('印发后内容不再改变，并记入账本。确定印发？', 'It never changes once it is out. Publish?')
      : M.t('公示后各单位可见，并可在 48 小时（节假日不计）内提出异议。' + (announced ? '重新公示将重新计算公示期。' : '') + '确定公示？', 'Units see it and may object for 48 hours of working days. Announce?');
    if (!window.confirm(ask)) return;
    button.disabled = true;
    M.request('POST', '/api/v1/documents', { action: publish ? 'publish' : 'announce', kind: at.kind, period: at.period, hash: at.hash, command_id: id }).then(function (answer) {
      button.disabled = false;
      if (!answer.ok) { M.put(out, M.faults(answer)); if (answer.status !== 0 && answer.status !== 503) id = M.newId().replace(/-/g, ''); return; }
      M.tell((publish ? M.t('已印发', 'published') : M.t('已公示', 'announced')) + M.t('（第 ' + answer.json.seq + ' 条）', ' (entry ' + answer.json.seq + ')'));
      M.go(M.issueAddress(at.kind, at.period, publish ? 'published' : 'announced'));
    });
  }
  return M.h('div', M.h('div.actions.noprint', M.h('button.primary', { type: 'button', disabled: waits, onclick: go }, publish ? M.t('印发', 'Publish') : announced ? M.t('重新公示', 'Announce anew') : M.t('公示征求意见', 'Announce for objections'))),
    waits ? M.h('p.hint', row.open_until_ms > M.nowMs ? M.t('公示期未满：', 'The window is still open: ') + M.windowShown(row) : M.t('还有 ' + row.objections_open + ' 条异议待答复。', row.objections_open + ' objections have no answer yet.')) : '');
};
M.shareAmount = function (target, value) { return value === undefined || value === null ? '–' : M.amount(value, { measure: target.measure, unit_word: target.unit_word }); };

// What has changed of what is out: the paper itself stays as it was.
M.errataBox = function (row) {
  if (!row || !row.errata_count) return '';
  return M.h('section', M.h('div.notice', M.h('p', M.h('strong', M.t('更正提示：', 'Errata: ')), M.t('印发以来有 ' + row.errata_count + ' 项数据变动。下面的文件仍为印发时的内容，下一期通报将列出更正。', row.errata_count + ' figures have changed since it was published. What is shown is what went out; the next issue tells the corrections.'))),
    M.table([
      { head: M.t('指标', 'Indicator'), keep: true, of: function (one) { return one.indicator + (one.member ? ' · ' + one.member : ''); } },
      { head: M.t('单位', 'Unit'), keep: true, of: function (one) { return one.unit; } },
      { head: M.t('本期：印发时', 'Month, as published'), right: true, of: function (one) { return M.shareAmount(one, one.month_then); } },
      { head: M.t('本期：现在', 'Month, now'), right: true, of: function (one) { return M.shareAmount(one, one.month_now); } },
      { head: M.t('累计：印发时', 'In all, as published'), right: true, of: function (one) { return M.shareAmount(one, one.total_then); } },
      { head: M.t('累计：现在', 'In all, now'), right: true, of: function (one) { return M.shareAmount(one, one.total_now); } }
    ], row.errata, { name: 'errata-' + (row.period || 'year'), caption: M.t('更正提示', 'Errata') }));
};
// What the draft says of the unit of whoever looks at it.
M.ownBox = function (at) {
  if (!at.data || !M.me.unit || M.me.all_units) return '';
  var rows = (at.data.rows || []).filter(function (row) { return row.unit === M.me.unit; }), shares = [];
  (at.data.targets || []).forEach(function (target) {
    (target.shares || []).forEach(function (share) { if (share.unit === M.me.unit) shares.push({ target: target, share: share }); });
  });
  return M.h('section', M.h('h2', M.t('涉及本单位的内容', 'What it says of us')),
    M.table([
      { head: M.t('任务', 'Task'), keep: true, of: function (row) { return M.taskShown(row.task); } },
      { head: M.t('报送期', 'Period'), keep: true, of: function (row) { return row.period; } },
      { head: M.t('状态', 'State'), keep: true, of: M.obligationWords, show: function (row) { return M.lamp(M.obligationLamp(row, at.data.now_ms), M.obligationWords(row)); } },
      { head: M.t('时限', 'Due'), keep: true, of: function (row) { return M.due(row.due_ms); } },
      { head: M.t('首次有效报送', 'First valid report'), keep: true, of: function (row) { return M.when(row.first_valid_ms); } }
    ], rows, { name: 'own-reports', caption: M.t('本单位报送情况', 'Our reports') }),
    M.table([
      { head: M.t('指标', 'Indicator'), keep: true, of: function (one) { return one.target.name + (one.share.member_name ? ' · ' + one.share.member_name : ''); } },
      { head: M.t('本期', 'Month'), right: true, of: function (one) { return M.shareAmount(one.target, one.share.month); } },
      { head: M.t('累计', 'In all'), right: true, of: function (one) { return M.shareAmount(one.target, one.share.total || 0); } },
      { head: M.t('未计入（重复申报）', 'Not counted'), right: true, of: function (one) { return one.share.contested ? M.shareAmount(one.target, one.share.contested) : ''; } }
    ], shares, { name: 'own-figures', caption: M.t('本单位数据', 'Our figures') }));
};
// Against the last issue: where each target stood then.
M.differencesBox = function (at) {
  var data = at.data || {}, targets = (data.targets || []).filter(function (target) { return target.before !== undefined; });
  if (!data.last_number) return '';
  return M.h('details.card', M.h('summary', M.t('与上期（第 ' + data.last_number + ' 号）相比', 'Against the last issue (' + data.last_number + ')'), (data.corrections || []).length ? M.t('，含更正 ' + data.corrections.length + ' 项', ', ' + data.corrections.length + ' corrections') : ''),
    (data.corrections || []).length ? M.table([
      { head: M.t('更正的指标', 'Corrected'), keep: true, of: function (one) { return one.name + (one.member_name ? ' · ' + one.member_name : ''); } },
      { head: M.t('单位', 'Unit'), keep: true, of: function (one) { return one.unit_name; } },
      { head: M.t('上期通报', 'Said then'), right: true, of: function (one) { return M.shareAmount(one, one.then); } },
      { head: M.t('更正为', 'Is now'), right: true, of: function (one) { return M.shareAmount(one, one.now); } }
    ], data.corrections, { name: 'corrections', caption: M.t('对上期通报的更正', 'Corrections of the last issue') }) : '',
    M.table([
      { head: M.t('指标', 'Indicator'), keep: true, of: function (target) { return target.name; } },
      { head: M.t('上期', 'Then'), right: true, of: function (target) { return M.shareAmount(target, target.before); } },
      { head: M.t('本期', 'Now'), right: true, of: function (target) { return M.shareAmount(target, target.done || 0); } },
      { head: M.t('增减', 'Change'), right: true, of: function (target) { var by = (target.done || 0) - target.before; return (by < 0 ? '−' : by > 0 ? '+' : '') + M.shareAmount(target, Math.abs(by)); } },
      { head: M.t('亮灯', 'Lamp'), keep: true, of: function (target) { return M.word('lamp', target.lamp_before) + ' → ' + M.word('lamp', target.lamp); }, show: function (target) {
        return target.lamp === target.lamp_before ? M.lamp(target.lamp, M.word('lamp', target.lamp)) : [M.lamp(target.lamp_before, M.word('lamp', target.lamp_before)), ' → ', M.lamp(target.lamp, M.word('lamp', target.lamp))]; } }
    ], targets, { name: 'differences', caption: M.t('与上期相比', 'Against the last issue') }));
};
