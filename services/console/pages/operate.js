// The notifier's outbox and its dead letters, for the operator: what waits, what arrived, what did not and why, what to type.
'use strict';
M.outboxShown = function (outbox) {
  function tile(number, zh, en, lamp) { return M.h('div.tile', M.h('span.number', number || 0), M.h('span', lamp ? [M.shape(lamp), ' '] : '', M.t(zh, en))); }
  var not = (outbox.withdrawn || 0) + (outbox.overtaken || 0) + (outbox.too_old || 0), lost = (outbox.refused || 0) + (outbox.given_up || 0) + (outbox.unreachable || 0);
  return [M.h('h2', M.t('预警外发', 'Notices')),
    outbox.sick ? M.h('p', M.lamp('yellow', M.t('通道 ' + outbox.sick + ' 最近一次未送达', 'route ' + outbox.sick + ' did not deliver last time'))) : '',
    M.h('div.tiles',
    tile((outbox.waiting || 0) + (outbox.flying || 0), '待发（其中发送中 ' + (outbox.flying || 0) + '）', 'waiting (' + (outbox.flying || 0) + ' on their way)'), tile(outbox.sent, '启动以来已送达', 'delivered since start'),
    tile(not, '启动以来未发：已解除、被取代、过时效', 'not sent since start: withdrawn, overtaken, too old'), tile(lost, '启动以来未达', 'not delivered since start'),
    tile(outbox.untold, '结果待入账', 'results not in the ledger yet', outbox.untold ? 'yellow' : 'green'), tile(outbox.dead, '死信', 'dead letters', outbox.dead ? 'red' : 'green'))];
};
// A command of an operator's is signed with a key that no browser has: so it is told, and typed elsewhere.
M.commandShown = function (words) { return M.h('code.command', 'minning ' + words); };
M.deadShown = function (rows) {
  return [M.h('h2', M.t('死信', 'Dead letters')), M.table([
    { head: M.t('入账', 'Recorded'), keep: true, of: function (row) { return M.when(row.result.entry_ms); } },
    { head: M.t('对象', 'To'), keep: true, of: function (row) { return M.unit(row.unit); } },
    { head: M.t('梯次', 'Rung'), of: function (row) { return M.rung(row.rung); } },
    { head: M.t('内容', 'What'), of: function (row) { return row.state === 'withdrawn' ? M.t('解除', 'withdrawal') : M.t('预警', 'warning'); } },
    { head: M.t('通道', 'Route'), of: function (row) { return row.result.route; } },
    { head: M.t('原因', 'Why'), keep: true, of: function (row) { return M.deadWhy(row.result); } },
    { head: M.t('账本条目', 'Entry'), right: true, of: function (row) { return row.result.entry; }, show: function (row) { return M.h('a', { href: '#/entry/' + row.result.entry }, '№ ' + row.result.entry); } },
    { head: M.t('再发一次', 'Try again'), of: function (row) { return 'minning notices retry ' + row.result.message; }, show: function (row) { return M.commandShown('notices retry ' + row.result.message); } }
  ], rows, { name: 'dead-letters', caption: M.t('死信', 'Dead letters'), nothing: M.t('没有死信', 'no letter is dead') }),
    rows.length ? M.h('p.hint', M.t('由运维在服务器上签名执行，入账留痕；一条通道的全部：', 'Signed by the operator on the server, and an entry of the ledger; all of a route: '), M.commandShown('notices retry --route ' + rows[0].result.route), M.t('，全部：', ', all: '), M.commandShown('notices retry')) : ''];
};
M.deadWhy = function (result) {
  var why = { refused: ['对方拒收', 'refused'], given_up: ['多次未成', 'given up'], unreachable: ['联系人或通道已不存在', 'contact or route is gone'], too_old: ['已过时效', 'too old'] }[result.why] || [result.why, result.why];
  return M.t(why[0], why[1]) + M.t('，' + (result.attempt || 0) + ' 次', ', ' + (result.attempt || 0) + ' tries') + (result.code || result.transport ? M.t('，应答 ', ', answer ') + (result.code || 0) + (result.transport ? '/' + result.transport : '') : '');
};
// Silence is no news, so this page looks by itself: for ten minutes, since a page that nobody watches lets its session end.
M.lookAgain = function () {
  if (!M.quietly) M.looks = 0;
  clearTimeout(M.lookTimer);
  M.lookTimer = setTimeout(function () {
    if (!M.me || M.showing !== M.pages.services || M.looks >= 120) return;
    if (document.hidden) { M.lookAgain(); return; }
    M.looks += 1;
    M.show(true);
  }, 5000);
};
