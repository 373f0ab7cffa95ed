// How a figure, or all figures of a unit, came to be what they are: who, when, old, new, why.
'use strict';
M.whoShown = function (who) {
  if (!who) return '';
  if (who.officer) return M.t('代录：', 'entered by ') + who.officer;
  if (who.login) return who.login + (who.drafted_by ? M.t('（填报 ' + who.drafted_by + '）', ' (drafted by ' + who.drafted_by + ')') : '');
  return who.key_generation ? M.t('单位密钥第 ' + who.key_generation + ' 代', 'the unit’s key ' + who.key_generation) : '';
};
M.whyShown = function (row) {
  var explained = (row.explained || []).filter(function (one) { return one.explanation; }).map(function (one) { return one.explanation; });
  return (row.returned ? M.t('退回。', 'Returned. ') : row.revision > 1 ? M.t('更正。', 'Correction. ') : '') + (row.why || '') + (explained.length ? M.t('　情况说明：', ' Explained: ') + explained.join('；') : '');
};
M.changeAmount = function (value, indicator) { return value === undefined ? '–' : M.amount(value, indicator); };
// #/changes/INDICATOR/UNIT, or #/changes/-/UNIT for everything.
M.pageChanges = function (main, parts) {
  var all = parts[1] === '-', unit = M.me.all_units ? parts[2] : M.me.unit, indicator = all ? null : M.indicator(parts[1]);
  if (!unit) { M.go('#/matrix'); return null; }
  return M.rows('/api/v1/history', { unit: unit, indicator: all ? '' : parts[1] }).then(function (answer) {
    if (!answer.ok) { M.put(main, M.faults(answer)); return; }
    var rows = answer.json.rows.slice().sort(function (a, b) { return b.received_ms - a.received_ms || b.cause_seq - a.cause_seq; });
    function of(row) { return M.indicator(row.indicator); }
    M.put(main, [M.title(M.unit(unit) + '　' + (all ? M.t('数据变动', 'Changes') : indicator.name + M.t('　变动', ' – changes')), M.asOf(answer.json)),
      answer.json.cut ? M.h('p.hint', M.t('提交次数过多，最早的没有列出。', 'There are too many submissions: the oldest are left out.')) : '',
      M.table([
        { head: M.t('收到时间', 'Received'), keep: true, of: function (row) { return M.when(row.received_ms); } }
      ].concat(all ? [{ head: M.t('指标', 'Indicator'), keep: true, of: function (row) { return of(row).name; }, show: function (row) { return M.h('a', { href: '#/changes/' + row.indicator + '/' + unit }, of(row).name); } }] : [], [
        { head: M.t('分项', 'Member'), of: function (row) { return row.member ? M.member(of(row), row.member) : ''; } },
        { head: M.t('报送期', 'Period'), keep: true, of: function (row) { return row.period; } },
        { head: M.t('版次', 'Revision'), right: true, of: function (row) { return row.revision || '–'; } },
        { head: M.t('原为', 'Old'), right: true, of: function (row) { return M.changeAmount(row.before, of(row)); } },
        { head: M.t('改为', 'New'), right: true, of: function (row) { return M.changeAmount(row.after, of(row)); } },
        { head: M.t('经办', 'By'), keep: true, of: function (row) { return row.returned ? row.who.officer || '' : M.whoShown(row.who); } },
        { head: M.t('缘由', 'Why'), of: M.whyShown },
        { head: M.t('账本条目', 'Entry'), right: true, of: function (row) { return row.cause_seq; }, show: function (row) { return M.h('a', { href: '#/entry/' + row.cause_seq }, '№ ' + row.cause_seq); } }
      ]), rows, { name: 'changes-' + (all ? 'all' : parts[1]) + '-' + unit, caption: M.t('数据变动', 'Changes'), nothing: M.t('尚无数据', 'nothing was reported yet') }),
      all ? '' : M.h('p', M.h('a', { href: '#/changes/-/' + unit }, M.t('本单位全部数据的变动', 'All changes of the unit')))]);
  });
};
