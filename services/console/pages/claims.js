// What several claim: which claim counts, and the coordinator's word on it.
'use strict';
M.pageClaims = function (main, parts) {
  var open = parts[1] !== 'all';
  return M.rows('/api/v1/claims', { open: open ? '1' : '' }).then(function (answer) {
    if (!answer.ok) { M.put(main, M.faults(answer)); return; }
    M.nowMs = answer.json.now_ms || M.nowMs;
    var rows = [];
    answer.json.rows.forEach(function (contest) {
      contest.claims.forEach(function (claim, index) { rows.push({ contest: contest, claim: claim, first: index === 0 }); });
    });
    function counts(row) { return row.first && !row.claim.contested; }
    M.put(main, [M.title(M.t('重复申报', 'Claimed twice'), M.asOf(answer.json)),
      M.h('p.hint', M.t('同一凭证、人员只计一次：先报有效者计入，其余待认定；认定须写理由，记入账本。', 'A receipt or a person counts once: the first valid claim, until the coordinator credits another. The reason goes into the ledger.')),
      M.h('div.pick', { role: 'group', 'aria-label': M.t('范围', 'range') }, M.h('a.chip', { href: '#/claims', 'aria-current': open ? 'true' : null }, M.t('待认定', 'Open')), M.h('a.chip', { href: '#/claims/all', 'aria-current': open ? null : 'true' }, M.t('全部', 'All'))),
      M.table([
        { head: M.t('指标', 'Indicator'), keep: true, of: function (row) { return row.first ? M.indicator(row.claim.indicator).name : ''; } },
        { head: M.t('种类', 'Kind'), keep: true, of: function (row) { return M.word('key_kind', row.claim.key_kind); } },
        { head: M.t('编号', 'Key'), of: function (row) { return row.claim.typed || row.claim.key || M.t('（姓名在保密库）', '(name in the vault)'); } },
        { head: M.t('申报单位', 'Claimed by'), keep: true, of: function (row) { return M.unit(row.claim.unit); } },
        { head: M.t('报送期', 'Period'), keep: true, of: function (row) { return row.claim.period || ''; } },
        { head: M.t('数额', 'Amount'), right: true, of: function (row) { return row.claim.amount === undefined ? '' : M.amount(row.claim.amount, M.indicator(row.claim.indicator)); } },
        { head: M.t('申报于', 'Since'), keep: true, of: function (row) { return M.when(row.claim.since_ms); } },
        { head: M.t('是否计入', 'Counts'), of: function (row) { return counts(row) ? M.t('计入', 'counts') : M.t('不计入', 'does not count'); }, show: function (row) {
          return counts(row) ? M.lamp('green', row.contest.credit_seq ? M.t('计入（已认定）', 'counts, credited') : M.t('计入（先报）', 'counts, first')) : M.lamp('yellow', M.t('不计入', 'does not count')); } },
        { head: M.t('条目', 'Entry'), right: true, of: function (row) { return row.claim.seq; }, show: function (row) { return M.h('a', { href: '#/entry/' + row.claim.seq }, '№ ' + row.claim.seq); } },
        { head: M.t('认定', 'Credit'), of: function (row) { return row.contest.why || ''; }, show: function (row) {
          return M.me.decides ? M.h('button', { type: 'button', 'aria-label': M.t('认定 ', 'credit ') + M.unit(row.claim.unit) + ' ' + (row.claim.typed || row.claim.key || ''), onclick: function () { M.credit(row.claim); } }, M.t('认定', 'Credit')) : row.contest.why || ''; } }
      ], rows, { name: 'claims', caption: M.t('重复申报', 'Claimed twice'), nothing: M.t('没有待认定的重复申报', 'nothing waits for a decision') })]);
  });
};
M.credit = function (claim) {
  var why = M.ask('credit ' + claim.seq + ' ' + (claim.key || claim.person || ''), M.t('认定由「' + M.unit(claim.unit) + '」申报计入，请写理由：', 'Why does the claim of ' + M.unit(claim.unit) + ' count?'));
  if (!why || !why.trim()) return;
  var body = { command_id: M.newId(), decision: 'credited', why: why.trim() };
  ['indicator', 'key_kind', 'key', 'person', 'unit', 'period', 'member', 'seq'].forEach(function (name) { if (claim[name] !== undefined) body[name] = claim[name]; });
  M.request('POST', '/api/v1/decisions', body).then(function (answer) {
    var reasons = answer.json.errors || (answer.json.verdict || {}).reasons || [];
    M.tell(answer.ok ? M.t('已入账（第 ' + answer.json.seq + ' 条）', 'in the ledger (entry ' + answer.json.seq + ')') : reasons.map(M.say).join(' '));
    M.showSoon();
  });
};
