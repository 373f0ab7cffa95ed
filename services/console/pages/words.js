// Words: Chinese first, English by a switch. Closed vocabularies as proto/words.def has them.
'use strict';
var M = {};
M.lang = (function () {
  try { return localStorage.getItem('lang') === 'en' ? 'en' : 'zh'; } catch (e) { return 'zh'; }
})();
M.t = function (zh, en) { return M.lang === 'en' ? en : zh; };
M.say = function (reason) { return M.lang === 'en' ? reason.en : reason.zh; };

M.words = {
  standing: { not_due: ['未到期', 'not due'], due: ['待报', 'due'], overdue: ['逾期', 'overdue'], reported: ['已报', 'reported'],
    returned: ['退回', 'returned'], approved: ['通过', 'approved'], lifted: ['免报', 'no longer owed'] },
  timeliness: { pending: ['未到期', 'pending'], on_time: ['按时', 'on time'], late: ['迟报', 'late'], missing: ['未报', 'missing'] },
  reach: { not_yet: ['尚未完成', 'not yet'], past_due_unknown: ['已过时限，情况不明', 'past due, unknown'], met: ['按期完成', 'met'],
    met_after_due: ['逾期完成', 'met after due'], not_met: ['未完成', 'not met'] },
  tenure: { holding: ['持续中', 'holding'], kept: ['已满期', 'kept'], broken: ['已中断', 'broken'] },
  reported: { in_time: ['及时报送', 'reported in time'], late: ['迟报', 'reported late'] },
  lamp: { grey: ['灰', 'grey'], green: ['绿', 'green'], yellow: ['黄', 'yellow'], red: ['红', 'red'] },
  level: { remind: ['提醒', 'reminder'], blue: ['蓝', 'blue'], orange: ['橙', 'orange'], red: ['红', 'red'] },
  warning_kind: { report_due: ['报送提醒', 'report due'], report_overdue: ['逾期催报', 'report overdue'], target_due: ['任务到期预警', 'target due'],
    target_overdue: ['任务逾期', 'target overdue'], tenure_broken: ['在岗中断', 'tenure broken'] },
  key_kind: { receipt: ['凭证', 'receipt'], contract: ['合同', 'contract'], uscc: ['信用代码', 'credit code'], person: ['人员', 'person'] },
  role: { clerk: ['填报人', 'clerk'], approver: ['审核人', 'unit approver'], coordinator: ['统筹', 'coordinator'], supervisor: ['督查', 'supervisor'],
    operator: ['运维', 'operator'], auditor: ['审计', 'auditor'], program: ['程序', 'program'] }
};
M.word = function (set, name) {
  var pair = (M.words[set] || {})[name];
  return pair ? M.t(pair[0], pair[1]) : (name || '');
};
