// What is shown when: the address behind the hash, who is logged in, news from the server.
'use strict';
M.nowMs = 0;
M.pages = {
  login: { show: M.pageLogin }, password: { show: M.pagePassword },
  tasks: { show: M.pageTasks, live: true, name: ['我的任务', 'My tasks'], may: function () { return M.me.reports; } },
  upload: { show: M.pageUpload, keeps: true, name: ['批量报送', 'Many at once'], may: function () { return M.me.reports; } },
  approve: { show: M.pageApprove, name: ['审核', 'Approve'], may: function () { return M.me.role === 'approver'; } },
  board: { show: M.pageBoard, live: true, name: ['总览', 'Board'], may: function () { return true; } },
  matrix: { show: M.pageMatrix, live: true, name: ['报送矩阵', 'Matrix'], may: function () { return M.me.all_units; } },
  late: { show: M.pageLate, live: true, name: ['逾期迟报', 'Late'], may: function () { return true; } },
  measures: { show: M.pageMeasures, live: true, name: ['帮扶措施', 'Measures'], may: function () { return M.me.reports || M.me.all_units; } },
  extensions: { show: M.pageExtensions, live: true, name: ['延期申请', 'More time'], may: function () { return M.me.reports || M.me.all_units; } },
  claims: { show: M.pageClaims, live: true, name: ['重复申报', 'Claims'], may: function () { return M.me.all_units; } },
  documents: { show: M.pageDocuments, live: true, name: ['通报文件', 'Documents'], may: function () { return true; } },
  warnings: { show: M.pageWarnings, live: true, name: ['预警', 'Warnings'], may: function () { return true; } },
  services: { show: M.pageServices, live: true, name: ['运行状况', 'Services'], may: function () { return M.me.all_units; } },
  unit: { show: M.pageUnit, live: true, under: 'matrix' }, figure: { show: M.pageFigure, live: true, under: 'board' }, entry: { show: M.pageEntry, under: 'board' },
  document: { show: M.pageDocument, under: 'documents' }, ledger: { show: M.pageLedger, under: 'documents' }, score: { show: M.pageScore, under: 'documents' },
  report: { show: M.pageReport, under: 'tasks' }, history: { show: M.pageHistory, live: true, under: 'tasks' }, changes: { show: M.pageChanges, live: true, under: 'board' }
};
M.go = function (hash) {
  if (location.hash === hash) M.show();
  else location.hash = hash;
};
M.home = function () { return !M.me ? '#/login' : M.me.by_code ? '#/password' : M.me.reports ? '#/tasks' : M.me.role === 'operator' ? '#/services' : '#/board'; };
M.parts = function () { return location.hash.replace(/^#\//, '').split('/').map(decodeURIComponent); };

M.frame = function () {
  document.documentElement.lang = M.t('zh-CN', 'en');
  var switcher = M.h('button.quiet', { type: 'button', onclick: function () {
    var form = M.formOpen && !M.formOpen.gone && M.showing === M.pages.report ? M.formOpen : null;
    if (form && M.evidenceWaits(form)) { M.tell(M.t('佐证文件还在上传，传完再切换。', 'Evidence is still being sent; switch after it.')); return; }
    M.draftFlush().then(function (kept) {
      if (form && kept && !kept.ok) { M.tell(M.t('草稿未保存，先不切换：', 'The draft is not kept, so nothing is switched: ') + M.faultsSaid(kept)); return; }
      try { localStorage.setItem('lang', M.t('en', 'zh')); } catch (e) { M.tell(String(e)); }
      M.lang = M.t('en', 'zh');
      if (!form && M.me) M.heldBoxes();
      M.frame();
      M.show();
    });
  } }, M.t('English', '中文'));
  var who = M.me ? [M.h('span.who', M.me.unit && M.plan ? M.unit(M.me.unit) + ' · ' : '', M.t(M.me.role_zh, M.me.role_en), ' · ', M.me.login),
    M.me.by_code ? '' : M.h('a.quietlink', { href: '#/password' }, M.t('改口令', 'Password')), M.h('button.quiet', { type: 'button', onclick: M.leave }, M.t('退出', 'Log out'))] : [];
  M.put(document.getElementById('head'), [M.h('a.brand', { href: '#/' }, M.h('strong', M.t('闽宁协作进度报送', 'Minning')), M.plan ? M.h('span', M.plan.title) : ''), M.h('div.headtools', who, switcher)]);
  M.put(document.getElementById('secret'), [M.h('strong', M.t('严禁涉密', 'Nothing classified')), M.t('　本系统为非涉密系统，严禁填写、上传国家秘密和工作秘密。', ' – this system is not for classified matter.')]);
  var parts = M.parts(), page = M.pages[parts[0]] || {}, here = page.under || parts[0];
  if (M.me && M.pages[here] && M.pages[here].may && !M.pages[here].may()) here = 'matrix';
  M.put(document.getElementById('nav'), !M.me || M.me.by_code || !M.plan ? [] : M.h('ul', Object.keys(M.pages).filter(function (name) { return M.pages[name].name && M.pages[name].may(); }).map(function (name) {
    return M.h('li', M.h('a', { href: '#/' + name, 'aria-current': name === here ? 'page' : null }, M.t(M.pages[name].name[0], M.pages[name].name[1])));
  })));
  document.getElementById('nav').setAttribute('aria-label', M.t('主菜单', 'main menu'));
};
M.leave = function () {
  M.draftFlush().then(function () { return M.request('POST', '/api/v1/logout', {}); }).then(function () {
    M.me = M.upload = M.held = null;
    try { sessionStorage.clear(); } catch (e) { M.tell(String(e)); }
    if (M.source) M.source.close();
    M.source = null;
    M.go('#/login');
    M.frame();
  });
};
M.show = function (quietly) {
  var parts = M.parts(), page = M.pages[parts[0]], main = document.getElementById('main');
  if (!page || (!M.me && parts[0] !== 'login') || (M.me && (parts[0] === 'login' || (M.me.by_code && parts[0] !== 'password')))) { M.go(M.home()); return; }
  M.frame();
  if (!quietly) { // what another page is still waiting for finds no place here
    var fresh = main.cloneNode(false);
    main.parentNode.replaceChild(fresh, main);
    main = fresh;
    M.put(main, M.h('p.loading', M.t('正在载入…', 'loading…')));
  }
  M.showing = page;
  M.touched = false;
  M.quietly = !!quietly;
  var done = page.show(main, parts);
  Promise.resolve(done).then(function () {
    if (M.me && main.isConnected && page !== M.pages.login && page !== M.pages.password) M.heldRest(main);
    if (quietly || parts[0] === 'login' || !main.isConnected) return;
    main.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, function (error) {
    M.put(main, M.h('div.notice.bad', { role: 'alert' }, M.h('p', M.t('页面出错：', 'This page failed: ') + error.message)));
  });
};
// What was typed is nobody's to wipe away: a page in which something was entered says that there is news, and waits.
document.addEventListener('input', function (event) { if (document.getElementById('main').contains(event.target)) M.touched = true; });
// After what was sent is taken: what it changed is there in a moment. Who types already keeps what he types.
M.showSoon = function () {
  M.touched = false;
  setTimeout(function () { if (!M.touched) M.show(true); }, 500);
};
M.offer = function () {
  var main = document.getElementById('main');
  if (main.querySelector('.fresh')) return;
  main.insertBefore(M.h('p.notice.fresh', { role: 'status' }, M.t('有新的变化。', 'There is something new. '),
    M.h('button.quiet', { type: 'button', onclick: function () { M.heldBoxes(); M.show(true); } }, M.t('刷新本页', 'Show it'))), main.firstChild);
};
// News are told at most every few seconds.
M.listen = function () {
  if (M.source || !window.EventSource) return;
  M.source = new EventSource('/api/v1/events');
  M.source.addEventListener('news', function (event) {
    var news = JSON.parse(event.data);
    if (news.now_ms > M.nowMs) M.nowMs = news.now_ms;
    if (M.heard === undefined) { M.heard = news.cause_seq; return; }
    M.heard = news.cause_seq;
    clearTimeout(M.newsTimer);
    M.newsTimer = setTimeout(function () {
      var typing = document.activeElement && /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
      if (!M.me || !M.showing || !M.showing.live) return;
      if (M.touched) M.offer();
      else if (!typing) M.show(true);
    }, 800);
  });
};
M.take = function (plan) {
  M.plan = plan;
  M.words = plan.words;
};
// What a tab remembers is one login's: another who comes in where a session ended finds nothing of it.
M.tabOf = function (login) {
  if (M.held && M.held.login !== login) M.held = null;
  M.promptsHeld = {};
  try {
    if (sessionStorage.getItem('login') !== login) sessionStorage.clear();
    sessionStorage.setItem('login', login);
  } catch (e) { M.tell(String(e)); }
};
M.begin = function () {
  M.tabOf(M.me.login);
  if (M.me.by_code) { M.go('#/password'); return Promise.resolve(); }
  return M.get('/api/v1/plan').then(function (answer) {
    if (!answer.ok) { M.put(document.getElementById('main'), M.faults(answer)); return; }
    M.take(answer.json);
    M.listen();
    M.go(M.held ? M.held.hash : M.home());
  });
};
window.addEventListener('hashchange', function () { M.show(); });
M.get('/api/v1/me').then(function (answer) {
  if (!answer.ok) { M.go('#/login'); return; }
  M.me = answer.json;
  M.nowMs = M.me.now_ms;
  if (M.me.by_code) { M.go('#/password'); return; }
  M.get('/api/v1/plan').then(function (plan) {
    if (!plan.ok) { M.put(document.getElementById('main'), M.faults(plan)); return; }
    M.take(plan.json);
    M.listen();
    M.show();
  });
});
M.frame();
