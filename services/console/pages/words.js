// Words: Chinese first, English by a switch.
'use strict';
var M = {};
M.lang = (function () {
  try { return localStorage.getItem('lang') === 'en' ? 'en' : 'zh'; } catch (e) { return 'zh'; }
})();
M.t = function (zh, en) { return M.lang === 'en' ? en : zh; };
M.say = function (reason) { return M.lang === 'en' ? reason.en : reason.zh; };

M.words = {}; // with the plan, from proto/words.def
M.word = function (set, name) {
  var pair = (M.words[set] || {})[name];
  return pair ? M.t(pair[0], pair[1]) : (name || '');
};
