// Logging in, and the first password after a one-time code.
'use strict';
M.field = function (label, input, hint) {
  if (!input.id) input.id = M.id('field');
  return M.h('div.field', M.h('label', { 'for': input.id }, label), input, hint ? M.h('p.hint', hint) : '');
};
M.pageLogin = function (main) {
  var login = M.h('input', { type: 'text', autocomplete: 'username', required: true, autofocus: true, maxlength: 48 });
  var secret = M.h('input', { type: 'password', autocomplete: 'current-password', required: true, maxlength: 192 });
  var out = M.h('div');
  var button = M.h('button.primary', { type: 'submit' }, M.t('登录', 'Log in'));
  var form = M.h('form.card.narrow', { onsubmit: function (event) {
    event.preventDefault();
    button.disabled = true;
    M.put(out, '');
    var slow = setTimeout(function () { M.put(out, M.h('div.notice', { role: 'status' }, M.h('p', M.t('正在核对口令。同时登录的人多时要等几秒，请不要重复点击。', 'Checking. When many log in at once it takes some seconds; no need to click again.')))); }, 1500);
    M.request('POST', '/api/v1/login', { login: login.value.trim(), secret: secret.value }).then(function (answer) {
      clearTimeout(slow);
      button.disabled = false;
      if (!answer.ok) { M.put(out, M.faults(answer)); secret.value = ''; secret.focus(); return; }
      M.me = answer.json;
      M.begin();
    });
  } }, M.title(M.t('登录', 'Log in')), out, M.field(M.t('登录名', 'Login'), login),
    M.field(M.t('口令或一次性登录码', 'Password or one-time code'), secret), M.h('div.actions', button),
    M.h('p.hint', M.t('没有登录码？请联系本单位管理员或统筹单位。连续输错 5 次将暂时锁定。', 'No code? Ask your administrator. Five failures lock the login for a while.')));
  M.put(main, form);
  login.focus();
};
M.pagePassword = function (main) {
  var old = M.h('input', { type: 'password', autocomplete: 'current-password' });
  var fresh = M.h('input', { type: 'password', autocomplete: 'new-password', minlength: 12, required: true });
  var again = M.h('input', { type: 'password', autocomplete: 'new-password', minlength: 12, required: true });
  var out = M.h('div');
  M.put(main, M.h('form.card.narrow', { onsubmit: function (event) {
    event.preventDefault();
    if (fresh.value !== again.value) {
      M.put(out, M.h('div.notice.bad', { role: 'alert' }, M.h('p', M.t('两次输入的新口令不一致。', 'The two new passwords differ.'))));
      return;
    }
    M.request('POST', '/api/v1/password', { old: old.value, 'new': fresh.value }).then(function (answer) {
      if (!answer.ok) { M.put(out, M.faults(answer)); return; }
      M.me = answer.json;
      M.tell(M.t('口令已更新，其他会话已退出。', 'The password is set; other sessions have ended.'));
      M.begin();
    });
  } }, M.title(M.t('设置口令', 'Set a password')), M.me.by_code ? M.h('div.notice', M.h('p', M.t('一次性登录码已使用。请设置自己的口令。', 'The one-time code is used up. Set a password of your own.'))) : '',
    out, M.me.by_code ? '' : M.field(M.t('原口令', 'Old password'), old), M.field(M.t('新口令', 'New password'), fresh, M.t('至少 12 个字符', 'twelve characters or more')),
    M.field(M.t('再输一次', 'Once more'), again), M.h('div.actions', M.h('button.primary', { type: 'submit' }, M.t('保存', 'Save')))));
  (M.me.by_code ? fresh : old).focus();
};
