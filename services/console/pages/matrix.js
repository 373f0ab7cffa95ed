// Units × months, and who is late with what.
'use strict';
M.cellOf = function (rows) {
  function count(test) { return rows.filter(test).length; }
  var overdue = count(function (row) { return row.standing === 'overdue' || row.standing === 'returned'; }), late = count(function (row) { return row.timeliness === 'late'; });
  var reported = count(function (row) { return row.standing === 'reported' || row.standing === 'approved'; }), due = count(function (row) { return row.standing === 'due'; });
  var owed = count(function (row) { return row.standing !== 'lifted'; });
  if (!owed) return null;
  if (overdue) return { lamp: 'red', words: M.t('逾期 ', 'overdue ') + overdue + '/' + owed };
  if (late) return { lamp: 'yellow', words: M.t('迟报 ', 'late ') + late + '/' + owed };
  if (reported === owed) return { lamp: 'green', words: M.t('已报 ', 'done ') + reported + '/' + owed };
  return { lamp: 'grey', words: due || reported ? M.t('已报 ', 'done ') + reported + '/' + owed : M.t('未到期', 'not due') };
};
M.pageMatrix = function (main, parts) {
  var task = parts[1] || '';
  return Promise.all([M.rows('/api/v1/obligations', { task: task }), M.follows()]).then(function (answers) {
    var answer = answers[0], follows = answers[1];
    if (!answer.ok) { M.put(main, M.faults(answer)); return; }
    M.nowMs = answer.json.now_ms;
    var index = {};
    answer.json.rows.forEach(function (row) { var key = row.unit + ' ' + row.period; (index[key] = index[key] || []).push(row); });
    var units = M.plan.units.filter(function (unit) { return answer.json.rows.some(function (row) { return row.unit === unit.id; }); });
    var columns = [{ head: M.t('单位', 'Unit'), keep: true, of: function (unit) { return unit.name; } }].concat(M.plan.periods.map(function (period) {
      function cell(unit) { return M.cellOf(index[unit.id + ' ' + period.id] || []); }
      return { head: M.periodShown(period.id), tint: function (unit) { return (cell(unit) || {}).lamp; }, of: function (unit) { var one = cell(unit); return one ? one.words : ''; }, show: function (unit) {
        var one = cell(unit);
        if (!one) return M.h('span.none', '—');
        return [M.h('a.cell', { href: '#/unit/' + unit.id + '/' + period.id }, M.lamp(one.lamp, one.words)), one.lamp === 'red' ?
          M.remindButton(index[unit.id + ' ' + period.id].filter(function (row) { return row.standing !== 'due'; }), follows, M.t('催办 ', 'remind ') + unit.name + ' ' + M.periodShown(period.id)) : ''];
      } };
    }));
    M.put(main, [M.title(M.t('报送矩阵：单位 × 月份', 'Units × months'), M.asOf(answer.json)),
      M.h('div.pick', { role: 'group', 'aria-label': M.t('任务', 'task') }, M.h('a.chip', { href: '#/matrix', 'aria-current': task ? null : 'true' }, M.t('全部任务', 'All tasks')), M.plan.tasks.map(function (one) {
        return M.h('a.chip', { href: '#/matrix/' + one.id, 'aria-current': task === one.id ? 'true' : null }, one.number + ' ' + one.name);
      })), M.table(columns, units, { name: 'matrix', caption: M.t('报送矩阵', 'Matrix') })]);
  });
};
M.pageUnit = function (main, parts) {
  return Promise.all([M.rows('/api/v1/obligations', { unit: parts[1], period: parts[2] }), M.follows()]).then(function (answers) {
    var answer = answers[0];
    if (!answer.ok) { M.put(main, M.faults(answer)); return; }
    M.nowMs = answer.json.now_ms;
    M.put(main, [M.title(M.unit(parts[1]) + (parts[2] ? '　' + M.periodShown(parts[2]) : ''), M.asOf(answer.json)), M.obligationTable(answer.json.rows, 'unit-' + parts[1], answers[1]), M.h('p', M.h('a', { href: '#/changes/-/' + parts[1] }, M.t('该单位全部数据的变动', 'All changes of its figures')))]);
  });
};
M.obligationTable = function (rows, name, follows) {
  return M.table([
    { head: M.t('单位', 'Unit'), keep: true, of: function (row) { return M.unit(row.unit); }, show: function (row) { return M.h('a', { href: '#/unit/' + row.unit }, M.unit(row.unit)); } },
    { head: M.t('任务', 'Task'), keep: true, of: function (row) { return M.taskShown(row.task); } },
    { head: M.t('报送期', 'Period'), keep: true, of: function (row) { return row.period; } },
    { head: M.t('状态', 'State'), keep: true, of: M.obligationWords, show: function (row) { return M.lamp(M.obligationLamp(row, M.nowMs), M.obligationWords(row)); } },
    { head: M.t('时限', 'Due'), keep: true, of: function (row) { return M.due(row.due_ms); } },
    { head: M.t('首次有效报送', 'First valid report'), keep: true, of: function (row) { return M.when(row.first_valid_ms); } },
    { head: M.t('迟报天数', 'Days late'), right: true, of: function (row) { return row.days_late || ''; } },
    { head: M.t('缺什么', 'What is missing'), of: function (row) { return M.missingShown(row.missing); } }
  ].concat(M.followColumns(follows), [
    { head: M.t('报送', 'Reports'), tool: true, of: function () { return ''; }, show: function (row) { return M.h('a', { href: '#/history/' + row.task + '/' + row.period + '/' + row.unit }, M.t('查看', 'show')); } }
  ]), rows, { name: name, caption: M.t('报送义务', 'Obligations') });
};
M.pageLate = function (main, parts) {
  var period = parts[1] || '';
  return Promise.all([M.rows('/api/v1/late', { period: period }), M.follows()]).then(function (answers) {
    var answer = answers[0];
    if (!answer.ok) { M.put(main, M.faults(answer)); return; }
    M.nowMs = answer.json.now_ms;
    M.put(main, [M.title(M.t('逾期与迟报', 'Late and missing'), M.asOf(answer.json)),
      M.h('div.pick', { role: 'group', 'aria-label': M.t('报送期', 'period') }, M.h('a.chip', { href: '#/late', 'aria-current': period ? null : 'true' }, M.t('全部', 'All')), M.plan.periods.map(function (one) {
        return M.h('a.chip', { href: '#/late/' + one.id, 'aria-current': period === one.id ? 'true' : null }, M.periodShown(one.id));
      })), M.obligationTable(answer.json.rows, 'late', answers[1])]);
  });
};
