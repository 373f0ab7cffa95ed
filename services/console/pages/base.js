// The ground of every page: elements, requests, amounts, days, tables with their export, lamps.
'use strict';

// --- elements: never innerHTML, so that no text can become markup ---
M.h = function (tag, attributes) {
  var at = tag.split('.'), element = document.createElement(at[0] || 'div');
  if (at.length > 1) element.className = at.slice(1).join(' ');
  var first = 1;
  if (attributes && typeof attributes === 'object' && !attributes.nodeType && !Array.isArray(attributes)) {
    first = 2;
    Object.keys(attributes).forEach(function (name) {
      var value = attributes[name];
      if (value === null || value === undefined || value === false) return;
      if (name.slice(0, 2) === 'on') element.addEventListener(name.slice(2), value);
      else if (name === 'value') element.value = value;
      else element.setAttribute(name, value === true ? '' : value);
    });
  }
  M.add(element, Array.prototype.slice.call(arguments, first));
  return element;
};
M.add = function (element, children) {
  children.forEach(function (child) {
    if (child === null || child === undefined || child === false || child === '') return;
    if (Array.isArray(child)) M.add(element, child);
    else element.appendChild(child.nodeType ? child : document.createTextNode(String(child)));
  });
  return element;
};
M.svg = function (tag, attributes) {
  var element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  Object.keys(attributes || {}).forEach(function (name) { element.setAttribute(name, attributes[name]); });
  M.add(element, Array.prototype.slice.call(arguments, 2));
  return element;
};
M.put = function (where, what) {
  while (where.firstChild) where.removeChild(where.firstChild);
  M.add(where, [what]);
};
M.ids = 0;
M.id = function (stem) { return stem + '-' + (++M.ids); };
M.tell = function (text) {
  var say = document.getElementById('say');
  M.put(say, text);
  say.classList.add('shown');
  clearTimeout(M.tellTimer);
  M.tellTimer = setTimeout(function () { say.classList.remove('shown'); }, 6000);
};

// --- requests ---
M.me = null;
M.plan = null;
M.request = function (method, path, body) {
  var headers = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET' && M.me && M.me.csrf) headers['X-CSRF-Token'] = M.me.csrf;
  return fetch(path, { method: method, headers: headers, credentials: 'same-origin', cache: 'no-store',
    body: body === undefined ? undefined : JSON.stringify(body) }).then(function (response) {
    return response.json().catch(function () { return {}; }).then(function (json) {
      if (response.status === 401 && path !== '/api/v1/login' && M.me) { M.heldNow(); M.me = null; M.go('#/login'); }
      if (method !== 'GET') M.prompted = null;
      return { status: response.status, ok: response.ok, json: json, edition: response.headers.get('X-Edition') };
    });
  }, function () {
    return { status: 0, ok: false, json: { errors: [{ code: 'offline', zh: '连不上服务器，请检查网络后重试。', en: 'The server cannot be reached; try again.' }] } };
  });
};
M.get = function (path) { return M.request('GET', path); };
M.query = function (path, parameters) {
  var parts = Object.keys(parameters).filter(function (name) { return parameters[name]; }).map(function (name) {
    return encodeURIComponent(name) + '=' + encodeURIComponent(parameters[name]);
  });
  return parts.length ? path + '?' + parts.join('&') : path;
};
// All pages of a list.
M.rows = function (path, parameters) {
  var all = null;
  function page(after) {
    return M.get(M.query(path, Object.assign({}, parameters, { after: after }))).then(function (answer) {
      if (!answer.ok) return answer;
      if (all) answer.json.rows = all.concat(answer.json.rows);
      all = answer.json.rows;
      return answer.json.next ? page(answer.json.next) : answer;
    });
  }
  return page(0);
};
M.faults = function (answer) {
  return M.h('div.notice.bad', { role: 'alert' }, (answer.json.errors || [{ zh: '出错了（' + answer.status + '）', en: 'Error ' + answer.status }]).map(function (reason) {
    return M.h('p', M.say(reason));
  }));
};

// --- days and instants, in the plan's local time ---
M.offset = function () { return ((M.plan && M.plan.offset_minutes) || 480) * 60000; };
M.when = function (ms) {
  if (!ms) return '–';
  return new Date(ms + M.offset()).toISOString().slice(0, 16).replace('T', ' ');
};
// A deadline is the last instant of its day: it is over at 24:00, and so it is called (services/plan/calendar.h: due_shown).
M.due = function (ms) {
  if (!ms) return '–';
  var end = ms + 1 - (ms + 1) % 60000;
  return (end + M.offset()) % 86400000 === 0 ? M.day(end - 1) + ' 24:00' : M.when(end);
};
M.day = function (ms) { return ms ? new Date(ms + M.offset()).toISOString().slice(0, 10) : '–'; };
M.dayNumber = function (ms) { return Math.floor((ms + M.offset()) / 86400000); };
M.daysLeft = function (dueMs, nowMs) { return M.dayNumber(dueMs) - M.dayNumber(nowMs); };
M.period = function (id) {
  var found = M.plan.periods.filter(function (period) { return period.id === id; })[0];
  return found || { id: id };
};
M.periodShown = function (id) {
  var parts = /^(\d{4})-(\d{2})$/.exec(id);
  return parts ? M.t(parts[1] + '年' + Number(parts[2]) + '月', id) : id;
};

// --- the plan ---
M.unit = function (id) {
  var found = M.plan.units.filter(function (unit) { return unit.id === id; })[0];
  return found ? found.name : id;
};
M.task = function (id) { return M.plan.tasks.filter(function (task) { return task.id === id; })[0] || { id: id, number: '', name: id, indicators: [] }; };
M.taskShown = function (id) { var task = M.task(id); return task.number ? task.number + ' ' + task.name : task.name; };
M.indicator = function (id) {
  var found = null;
  M.plan.tasks.forEach(function (task) { (task.indicators || []).forEach(function (one) { if (one.id === id) found = one; }); });
  return found || { id: id, name: id, unit_word: '', measure: 'count' };
};
M.member = function (indicator, id) {
  var found = (indicator.members || []).filter(function (one) { return one.id === id; })[0];
  return found ? found.name : id;
};
M.missingShown = function (ids) {
  return (ids || []).map(function (id) { return id === 'progress' ? M.t('进展文字', 'progress in words') : M.indicator(id).name; }).join('、');
};

// --- amounts: integers, fen or units ---
M.grouped = function (text) { return text.replace(/\B(?=(\d{3})+(?!\d))/g, ','); };
M.fixed = function (value, per, digits) {
  var scale = Math.pow(10, digits), scaled = Math.round(value / per * scale), whole = Math.floor(scaled / scale);
  var rest = String(scaled - whole * scale);
  while (rest.length < digits) rest = '0' + rest;
  return M.grouped(String(whole)) + (digits ? '.' + rest : '');
};
M.amount = function (value, indicator) {
  if (value === undefined || value === null) return '–';
  if (indicator.measure !== 'money') return M.grouped(String(value)) + ' ' + M.t(indicator.unit_word || '', '');
  return value >= 1e10 ? M.fixed(value, 1e10, 4) + ' 亿元' : M.fixed(value, 1e6, 2) + ' 万元';
};
// Exactly, as it may be typed again.
M.typed = function (value, indicator) {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value; // of a draft: as it was typed
  if (indicator.measure !== 'money') return String(value) + (indicator.unit_word || '');
  var whole = Math.floor(value / 1e6), rest = String(value % 1e6);
  while (rest.length < 6) rest = '0' + rest;
  rest = rest.replace(/0+$/, '');
  return whole + (rest ? '.' + rest : '') + '万元';
};
// Cut to a tenth, as on paper: 99.96 % is not 100 %. What is done beyond the goal counts: 200.0 %.
M.rate = function (done, goal) { return goal ? (Math.floor((done || 0) * 1000 / goal) / 10).toFixed(1) + '%' : '–'; };

// Which step of a ladder: T-5 … T+14 as they are, and those that are no day before or behind a deadline.
M.rung = function (name) {
  var pace = /^pace-(\d+)$/.exec(name), named = { returned: ['退回', 'returned'], broken: ['中断', 'broken'], risk: ['可能中断', 'at risk'], claim: ['重复申报', 'claimed twice'] }[name];
  return pace ? M.t('第' + pace[1] + '期', 'period ' + pace[1]) : named ? M.t(named[0], named[1]) : name || '';
};

// --- lamps: colour, word and shape ---
M.shape = function (kind) {
  var shapes = {
    green: [['circle', { cx: 6, cy: 6, r: 5 }]],
    yellow: [['path', { d: 'M6 .8 11.6 11H.4z' }]],
    red: [['rect', { x: 1, y: 1, width: 10, height: 10 }]],
    grey: [['circle', { cx: 6, cy: 6, r: 4.2, fill: 'none', 'stroke-width': 1.6 }]],
    blue: [['path', { d: 'M6 .5 11.5 6 6 11.5.5 6z' }]],
    orange: [['path', { d: 'M3.5 1h5L11 6l-2.5 5h-5L1 6z' }]]
  };
  var svg = M.svg('svg', { viewBox: '0 0 12 12', 'class': 'shape ' + kind, 'aria-hidden': 'true', focusable: 'false' });
  (shapes[kind] || shapes.grey).forEach(function (part) { svg.appendChild(M.svg(part[0], part[1])); });
  return svg;
};
M.lamp = function (kind, words) { return M.h('span.lamp.' + kind, M.shape(kind), M.h('span', words)); };
M.obligationLamp = function (row, nowMs) {
  if (row.standing === 'overdue' || row.standing === 'returned') return 'red';
  if (row.timeliness === 'late') return 'yellow';
  if (row.standing === 'reported' || row.standing === 'approved') return 'green';
  if (row.standing === 'due' && M.daysLeft(row.due_ms, nowMs) <= 5) return 'yellow';
  return 'grey';
};
M.obligationWords = function (row) {
  var words = M.word('standing', row.standing);
  if (row.timeliness === 'late') words += ' · ' + M.word('timeliness', 'late') + M.t(' ' + (row.days_late || 0) + ' 天', ' ' + (row.days_late || 0) + ' d');
  else if (row.standing === 'overdue' && row.days_late) words += M.t(' ' + row.days_late + ' 天', ' ' + row.days_late + ' d');
  else if (row.timeliness === 'on_time') words += ' · ' + M.word('timeliness', 'on_time');
  return words;
};

// --- tables: each with its export ---
// columns: [{head, of: row -> text or number for the file, show: row -> node (otherwise as `of`), right, tool: not for the file, tint: row -> lamp,
// file: [{head, of}] what the file has in its place}]
M.table = function (columns, rows, options) {
  var head = M.h('tr', columns.map(function (column) { return M.h(column.right ? 'th.right' : 'th', { scope: 'col' }, column.head); }));
  var body = M.h('tbody', rows.map(function (row) {
    return M.h('tr', { 'class': options.rowClass ? options.rowClass(row) : null }, columns.map(function (column) {
      return M.h(column.right ? 'td.right' : column.keep ? 'td.keep' : 'td', { 'data-head': column.head, 'data-tint': column.tint ? column.tint(row) : null }, column.show ? column.show(row) : column.of(row));
    }));
  }));
  if (!rows.length) body = M.h('tbody', M.h('tr', M.h('td.nothing', { colspan: columns.length }, options.nothing || M.t('没有记录', 'nothing here'))));
  return M.h('div.tablebox', M.h('div.tabletools', M.h('span.note', options.note || ''),
    M.exportButtons(options, columns, rows)),
    M.h('div.scroll', { tabindex: '0', role: 'region', 'aria-label': options.caption }, M.h('table', M.h('caption.hidden', options.caption), M.h('thead', head), body)));
};
M.asOf = function (json) {
  return M.h('p.asof', M.t('数据截至 ', 'As of '), M.h('time', M.when(json.now_ms || M.nowMs)),
    json.as_of ? M.t('（账本第 ' + json.as_of + ' 条）', ' (ledger entry ' + json.as_of + ')') : '');
};
M.title = function (text, aside) {
  document.title = text + ' – ' + M.t('闽宁协作进度报送', 'Minning');
  return M.h('div.title', M.h('h1', text), aside || '');
};
