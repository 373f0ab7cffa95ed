// The operator's page: every service, how far it is, what it uses; and what was told to whom.
'use strict';
M.bytes = function (bytes) { return bytes === undefined ? '–' : bytes >= 1073741824 ? (bytes / 1073741824).toFixed(1) + ' GiB' : (bytes / 1048576).toFixed(1) + ' MiB'; };
M.span = function (ms) {
  var seconds = Math.floor((ms || 0) / 1000);
  return seconds >= 86400 ? Math.floor(seconds / 86400) + ' d ' + Math.floor(seconds % 86400 / 3600) + ' h' : seconds >= 3600 ? Math.floor(seconds / 3600) + ' h ' + Math.floor(seconds % 3600 / 60) + ' min' : seconds >= 60 ? Math.floor(seconds / 60) + ' min' : seconds + ' s';
};
M.service = function (rows, name) { return rows.filter(function (row) { return row.service === name; })[0] || {}; };
M.pageServices = function (main) {
  var dead = M.h('div', M.deadKnown || ''); // a notifier that is down answers late or never: the page does not wait for it
  M.rows('/api/v1/dead', {}).then(function (answer) { M.deadKnown = answer.ok ? M.deadShown(answer.json.rows) : M.faults(answer); M.put(dead, M.deadKnown); });
  M.lookAgain();
  return M.get('/api/v1/services').then(function (answer) {
    if (!answer.ok) { M.put(main, M.faults(answer)); return; }
    var rows = answer.json.rows, streams = ['', 'entries', 'verdicts', 'tallies', 'warnings'], alerting = M.service(rows, 'alerting');
    M.nowMs = answer.json.now_ms;
    function lag(row) { return Math.max(0, (row.in_head || 0) - (row.in_applied || 0)); }
    var well = rows.filter(function (row) { return row.ok; }).length, behind = Math.max(0, (alerting.out_head || 0) - (alerting.published || 0));
    M.put(main, [M.title(M.t('运行状况', 'Services'), M.h('p.asof', M.t('数据截至 ', 'As of '), M.when(answer.json.wall_ms), M.t('；账本时钟 ', '; ledger’s clock '), M.when(answer.json.now_ms))),
      M.h('div.tiles', M.h('div.tile', M.h('span.number', well + ' / ' + rows.length), M.h('span', M.shape(well === rows.length ? 'green' : 'red'), ' ', M.t('服务正常', 'services well'))),
        M.h('div.tile', M.h('span.number', rows.reduce(function (sum, row) { return sum + lag(row); }, 0)), M.h('span', M.t('未处理事件', 'events behind'))),
        M.h('div.tile', M.h('span.number', behind), M.h('span', M.shape(behind ? 'yellow' : 'green'), ' ', M.t('待发布到 Redis', 'not in Redis yet'))),
        M.h('div.tile', M.h('span.number', rows.reduce(function (sum, row) { return sum + (row.refused || 0); }, 0)), M.h('span', M.t('启动以来拒收', 'refused since start')))),
      M.table([
        { head: M.t('服务', 'Service'), of: function (row) { return row.service; } },
        { head: M.t('状态', 'State'), keep: true, of: function (row) { return row.ok ? M.t('正常', 'well') : row.alive ? M.t('异常', 'not well') : M.t('无应答', 'silent'); }, show: function (row) { return M.lamp(row.ok ? 'green' : 'red', row.ok ? M.t('正常', 'well') : row.alive ? M.t('异常', 'not well') : M.t('无应答', 'silent')); } },
        { head: M.t('读至', 'Read up to'), right: true, of: function (row) { return row.in_stream ? streams[row.in_stream] + ' ' + (row.in_applied || 0) : '–'; } },
        { head: M.t('滞后', 'Lag'), right: true, of: function (row) { return row.in_stream ? lag(row) : '–'; } },
        { head: M.t('写至', 'Written'), right: true, of: function (row) { return row.out_stream ? streams[row.out_stream] + ' ' + (row.out_head || 0) : '–'; } },
        { head: M.t('存储', 'Store'), right: true, of: function (row) { return row.store_size ? M.bytes(row.store_used || 0) + ' / ' + M.bytes(row.store_size) : '–'; } },
        { head: 'Redis', right: true, of: function (row) { return row.service === 'alerting' ? row.published || 0 : ''; } },
        { head: M.t('拒收', 'Refused'), right: true, of: function (row) { return row.refused || ''; } },
        { head: M.t('运行', 'Uptime'), right: true, of: function (row) { return M.span(row.uptime_ms); } },
        { head: 'pid', right: true, of: function (row) { return row.pid; } },
        { head: M.t('备注', 'Note'), of: function (row) { return (row.halted_seq ? M.t('停在第 ' + row.halted_seq + ' 条 ', 'halted at ' + row.halted_seq + ' ') : '') + (row.note || ''); } }
      ], rows, { name: 'services', caption: M.t('运行状况', 'Services'), rowClass: function (row) { return row.ok ? null : 'wrong'; } }),
      M.outboxShown(M.service(rows, 'notifier').outbox || {}), dead,
      M.h('p.hint', 'Prometheus: ', M.h('a', { href: '/metrics' }, '/metrics'), '　', M.h('a', { href: '/healthz' }, '/healthz'), '　', M.h('a', { href: '/readyz' }, '/readyz'), '　', M.h('a', { href: '/openapi.json' }, '/openapi.json'))]);
  });
};
