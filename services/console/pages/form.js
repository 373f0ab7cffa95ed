// The report: typed as people type, checked while they type, sent once, receipt to print.
'use strict';
M.newId = function () { // UUIDv7: ordered in time
  var bytes = new Uint8Array(16), now = Date.now();
  crypto.getRandomValues(bytes);
  for (var index = 5; index >= 0; index--) { bytes[index] = now % 256; now = Math.floor(now / 256); }
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return Array.prototype.map.call(bytes, function (byte) { return (byte + 256).toString(16).slice(1); }).join('');
};
// The figures this unit contributes to a task: one a member, or one an indicator.
M.figuresOf = function (task, unit) {
  var figures = [];
  (task.indicators || []).forEach(function (indicator) {
    var members = indicator.members || [];
    members.forEach(function (member) { if (member.contributors.indexOf(unit) >= 0) figures.push({ indicator: indicator, member: member }); });
    if (!members.length && (indicator.contributors || []).indexOf(unit) >= 0) figures.push({ indicator: indicator, member: null });
  });
  return figures;
};
M.post = function (report) { return M.request('POST', '/api/v1/reports', report); };
M.reportNil = function (row, task) {
  var figures = M.figuresOf(task, M.me.unit);
  if (!window.confirm(M.t('「' + M.taskShown(row.task) + '」' + M.periodShown(row.period) + ' 按“无变化”报送？', 'Report “no change” for ' + task.name + ', ' + row.period + '?'))) return;
  var report = { submission_id: M.newId(), task: row.task, period: row.period, replaces: row.revision || 0, progress: '本月无变化。',
    figures: figures.map(function (one) { return Object.assign({ indicator: one.indicator.id, nil: true }, one.member ? { member: one.member.id } : {}); }) };
  if (M.mustHandOver(row.task)) { M.handNil(row, report); return; }
  M.post(report).then(function (answer) {
    if (answer.json.receipt && (!answer.json.verdict || answer.json.verdict.accepted)) { M.showReceipt(report, answer.json); return; }
    M.tell((answer.json.errors || (answer.json.verdict || {}).reasons || []).map(M.say).join(' ') || M.t('没有成功，请打开填报页。', 'It did not work; open the form.'));
  });
};

// --- the form's state: what is on the screen, gathered into a report ---
M.pageReport = function (main, parts) {
  var task = M.task(parts[1]), period = parts[2], before = M.plan.periods.map(function (one) { return one.id; });
  var previous = before[before.indexOf(period) - 1];
  return M.draftFlush().then(function () { // what was typed last is there before it is asked for
    return Promise.all([M.get(M.query('/api/v1/standing', { task: task.id, period: period })), previous ? M.get(M.query('/api/v1/standing', { task: task.id, period: previous })) : null, M.draftOf(task.id, period)]);
  }).then(function (answers) {
    if (!answers[0].ok) { M.put(main, M.faults(answers[0])); return null; }
    function entry(answer) { return answer && answer.ok && answer.json.seq ? M.get('/api/v1/entries/' + answer.json.seq) : null; }
    return Promise.all([entry(answers[0]), entry(answers[1])]).then(function (entries) {
      function report(answer) { return answer && answer.ok && answer.json.body ? answer.json.body.report : null; }
      if (!main.isConnected) return; // another page is open by now
      var typed = M.heldFor(task.id, period), form = new M.Form(main, task, period, answers[0].json, report(entries[0]), report(entries[1]), answers[2], typed && typed.report);
      if (typed) M.heldShown(form, typed);
    });
  });
};

M.Form = function (main, task, period, standing, stood, last, draft, typed) {
  var stands = typed || (draft && draft.report ? draft.report : stood);
  this.main = main; this.task = task; this.period = period; this.standing = standing; this.stands = stands; this.last = last;
  this.draftBegin(draft);
  this.evidenceRows = M.evidenceStood(stands);
  this.figures = M.figuresOf(task, M.me.unit).map(function (one) { return new M.Figure(this, one, stands, last); }, this);
  this.explanations = {};
  ((stands || {}).explanations || []).forEach(function (one) { this.explanations[one.code] = one.text; }, this);
  this.id = M.newId();
  this.draw();
  this.check();
};
M.Form.prototype.text = function (name, label, hint) {
  var form = this, value = (this.stands || {})[name] || '';
  var area = M.h('textarea', { rows: name === 'progress' ? 4 : 2, maxlength: 2000, value: value, oninput: function () { form.changed(); } });
  var fault = M.h('div.fault');
  this[name] = { input: area, fault: fault };
  var lastText = !value && this.last && this.last[name];
  return M.h('div.field', M.h('label', { 'for': area.id = M.id(name) }, label), hint ? M.h('p.hint', hint) : '', area, fault,
    lastText ? M.h('button.quiet', { type: 'button', onclick: function () { area.value = lastText; form.changed(); } }, M.t('沿用上期文字', 'Use last period’s words')) : '');
};
M.Form.prototype.person = function (name, label) {
  var form = this, kept = '';
  try { kept = sessionStorage.getItem('name.' + name) || ''; } catch (e) { kept = ''; }
  if (typeof (this.stands || {})[name] === 'string') kept = this.stands[name];
  var input = M.h('input', { type: 'text', maxlength: 60, value: kept, autocomplete: 'off', oninput: function () { form.changed(); } });
  var fault = M.h('div.fault');
  this[name] = { input: input, fault: fault };
  return M.h('div.field.small', M.h('label', { 'for': input.id = M.id(name) }, label), input, fault);
};
M.Form.prototype.draw = function () {
  var form = this, revision = this.standing.revision || 0;
  this.summary = M.h('div.summary', { role: 'status', 'aria-live': 'polite' });
  this.send = M.h('button.primary', { type: 'submit' }, this.handsOver ? M.t('提交审核', 'Hand over for approval') : revision ? M.t('提交更正', 'Send the correction') : M.t('提交', 'Send'));
  this.general = M.h('div.fault');
  M.put(this.main, [M.title(M.taskShown(this.task.id) + '　' + M.periodShown(this.period), M.h('p.asof', M.t('数据截至 ', 'As of '), M.when(M.nowMs), M.t('　时限 ', ' – due '), M.due(this.standing.due_ms), this.standing.due_ms && !revision ? '（' + M.daysShown({ due_ms: this.standing.due_ms }) + '）' : '')),
    revision ? M.h('div.notice', M.h('p', M.t('现行第 ' + revision + ' 版，收到于 ' + M.when(this.standing.first_valid_ms) + '。更正不改变首次有效报送的时间。', 'Revision ' + revision + ' stands. A correction never changes when the first valid report came.'))) : '',
    this.draftNotice(this.draft),
    M.h('form.report', { novalidate: true, onsubmit: function (event) { event.preventDefault(); if (form.handsOver) form.handOver(); else form.submit(); } },
      this.figures.length ? M.h('section.card', M.h('h2', M.t('数据', 'Figures')), this.figures.map(function (figure) { return figure.draw(); })) :
        M.h('div.notice', M.h('p', M.t('本任务的数据由其他单位填报，贵单位只报进展文字。', 'Others report this task’s figures; you report progress in words.'))),
      M.h('section.card', M.h('h2', M.t('文字', 'Words')), this.text('progress', M.t('进展', 'Progress'), M.t('不写身份证号、手机号；不得涉密', 'no ID or mobile numbers, nothing classified')),
        this.text('problems', M.t('存在问题', 'Problems')), this.text('next_step', M.t('下一步', 'Next step'))),
      M.evidenceBox(this),
      M.h('section.card', M.h('h2', M.t('签报', 'Signed by')), M.h('div.people', this.person('prepared_by', M.t('填报人', 'Prepared by')), this.person('reviewed_by', M.t('审核人', 'Reviewed by')), this.person('signed_by', M.t('负责人', 'Responsible'))),
        M.h('p.hint', M.t('姓名只存保密库，不入账本。', 'Names are kept in the vault, never in the ledger.'))),
      this.general, M.h('div.sendbar', this.summary, this.draftSaid, this.send))]);
};
M.Form.prototype.report = function () {
  var report = { submission_id: this.id, task: this.task.id, period: this.period, replaces: this.standing.revision || 0, figures: [] }, form = this;
  this.sent = [];
  this.figures.forEach(function (figure) {
    var one = figure.gather();
    if (one) { form.sent.push(figure); report.figures.push(one); }
  });
  ['progress', 'problems', 'next_step'].forEach(function (name) { if (form[name].input.value.trim()) report[name] = form[name].input.value.trim(); });
  ['prepared_by', 'reviewed_by', 'signed_by'].forEach(function (name) {
    var value = form[name].input.value.trim();
    if (value) report[name] = value;
    try { sessionStorage.setItem('name.' + name, value); } catch (e) { return; }
  });
  var named = M.evidenceNamed(this);
  if (named.length) report.evidence = named;
  var texts = Object.keys(this.explanations).filter(function (code) { return form.explanations[code].trim(); });
  if (texts.length) report.explanations = texts.map(function (code) { return { code: code, text: form.explanations[code].trim() }; });
  return report;
};
M.Form.prototype.changed = function () {
  var form = this;
  clearTimeout(this.timer);
  this.timer = setTimeout(function () { form.check(); }, 500);
  this.draftChanged();
};
M.Form.prototype.check = function () {
  var form = this, turn = this.turn = (this.turn || 0) + 1;
  M.put(this.summary, M.h('span.checking', M.t('校验中…', 'checking…')));
  return M.request('POST', '/api/v1/reports/check', this.report()).then(function (answer) {
    if (turn === form.turn) form.show(answer);
  });
};
// Where a reason belongs: the field it names, else the whole form.
M.Form.prototype.place = function (reason) {
  var path = reason.path, form = this, missing = reason.code === 'figure_missing' && (reason.args || [])[0];
  var owed = missing && form.figures.filter(function (figure) { return figure.indicator.id === missing && form.sent.indexOf(figure) < 0; })[0];
  if (owed) return owed;
  var at = /^(?:report\.)?figures\[(\d+)\](?:\.(.*))?$/.exec(path || '');
  if (at && this.sent[Number(at[1])]) return this.sent[Number(at[1])].place(at[2] || '');
  var name = (path || '').replace(/^report\./, '').split(/[.[]/)[0];
  return this[name] && this[name].fault ? this[name] : { fault: this.general };
};
M.Form.prototype.clear = function () {
  Array.prototype.forEach.call(this.main.querySelectorAll('.fault'), function (box) { M.put(box, ''); });
  Array.prototype.forEach.call(this.main.querySelectorAll('[aria-invalid]'), function (input) {
    input.removeAttribute('aria-invalid');
    input.removeAttribute('aria-describedby');
  });
};
M.Form.prototype.explain = function (reason) {
  var form = this, label = M.id('why');
  return M.h('div.explain', M.h('label', { 'for': label }, M.t('情况说明（写明原因即可通过）', 'Explanation (with it the report passes)')),
    M.h('input', { id: label, type: 'text', maxlength: 500, value: this.explanations[reason.code] || '', 'data-explains': reason.code,
      oninput: function (event) { form.explanations[reason.code] = event.target.value; form.changed(); } }));
};
M.Form.prototype.show = function (answer) {
  var form = this, reasons = answer.json.errors || answer.json.reasons || [], focus = document.activeElement, explaining = focus && focus.getAttribute && focus.getAttribute('data-explains');
  var caret = explaining ? focus.selectionStart : 0, accepted = answer.ok && answer.json.accepted;
  if (this.handsOver) { // who reviews and signs is still to come
    reasons = reasons.filter(function (reason) { return !M.namesLater(reason); });
    accepted = accepted || (answer.ok && !reasons.length);
  }
  this.clear();
  reasons.forEach(function (reason) {
    var place = form.place(reason), soft = !!reason.soft, id = M.id('fault'), told = accepted && soft;
    place.fault.appendChild(M.h(told ? 'div.one.told' : soft ? 'div.one.soft' : 'div.one.hard', { id: id, 'data-code': reason.code }, M.shape(told ? 'green' : soft ? 'yellow' : 'red'),
      M.h('span', told ? M.t('已说明：', 'explained: ') : '', M.say(reason))));
    if (soft) place.fault.appendChild(form.explain(reason));
    if (place.input && !told) { place.input.setAttribute('aria-invalid', 'true'); place.input.setAttribute('aria-describedby', id); }
  });
  if (explaining) {
    var again = this.main.querySelector('[data-explains="' + explaining + '"]');
    if (again) { again.focus(); again.setSelectionRange(caret, caret); }
  }
  M.put(this.summary, accepted ? M.lamp('green', M.t('可以提交', 'ready to send')) :
    answer.status === 0 || answer.status === 503 ? M.lamp('grey', M.t('暂时无法校验', 'cannot be checked now')) :
      M.lamp(reasons.every(function (reason) { return reason.soft; }) ? 'yellow' : 'red', M.t('还有 ' + reasons.length + ' 处需处理', reasons.length + ' to be mended')));
};
M.Form.prototype.submit = function () {
  if (M.evidenceWaits(this)) { M.tell(M.t('佐证文件还在上传，传完再提交。', 'Evidence is still being sent; send the report after it.')); return; }
  var form = this, report = this.report();
  clearTimeout(this.timer);
  this.turn = (this.turn || 0) + 1;
  this.send.disabled = true;
  M.put(this.summary, M.h('span.checking', M.t('提交中…', 'sending…')));
  M.post(report).then(function (answer) {
    form.send.disabled = false;
    var verdict = answer.json.verdict;
    if (answer.json.receipt && (!verdict || verdict.accepted)) { form.draftSent(); M.showReceipt(report, answer.json); return; }
    if (answer.status !== 0 && answer.status !== 503) form.id = M.newId(); // judged and refused: what follows is another sending
    form.show({ ok: false, status: answer.status, json: verdict ? verdict : answer.json });
    var first = form.main.querySelector('[aria-invalid]');
    if (first) first.focus();
    else M.tell((answer.json.errors || []).map(M.say).join(' '));
  });
};

// --- one figure ---
M.Figure = function (form, one, stands, last) {
  this.form = form; this.indicator = one.indicator; this.member = one.member;
  this.stood = this.of(stands); this.lastStood = this.of(last);
  this.rows = [];
};
M.Figure.prototype.of = function (report) {
  var figure = this;
  return ((report || {}).figures || []).filter(function (one) {
    return one.indicator === figure.indicator.id && (one.member || '') === (figure.member ? figure.member.id : '');
  })[0];
};
M.Figure.prototype.draw = function () {
  var figure = this, stood = this.stood || {}, indicator = this.indicator, changed = function () { figure.form.changed(); };
  var name = this.member ? indicator.name + ' · ' + this.member.name : indicator.name, running = stood.running !== undefined;
  this.mode = M.h('select', { 'aria-label': name + M.t(' 口径', ' month or running total'), onchange: changed }, M.h('option', { value: 'amount' }, M.t('本月数', 'this month')), M.h('option', { value: 'running' }, M.t('累计数', 'running total')));
  this.mode.value = running ? 'running' : 'amount';
  this.input = M.h('input.amount', { type: 'text', inputmode: 'text', maxlength: 40, value: M.typed(running ? stood.running : stood.amount, indicator), placeholder: indicator.measure === 'money' ? '12.5万元' : '3' + (indicator.unit_word || ''), oninput: changed });
  this.nil = M.h('input', { type: 'checkbox', onchange: function () { figure.input.disabled = figure.mode.disabled = figure.nil.checked; changed(); } });
  this.nil.checked = !!stood.nil;
  this.input.disabled = this.mode.disabled = this.nil.checked;
  this.fault = M.h('div.fault');
  this.input.id = M.id('amount'); this.nil.id = M.id('nil');
  var opening = indicator.opening && !this.lastStood && M.plan.periods[0].id === this.form.period;
  this.opening = opening ? M.h('input.amount', { type: 'text', maxlength: 40, value: M.typed(stood.opening, indicator), oninput: changed, id: M.id('opening') }) : null;
  this.openingFault = M.h('div.fault');
  (stood.items || []).forEach(function (item) { // names stand in a draft alone
    var named = typeof item.person === 'string';
    if (item.key_kind !== 'person' || named) figure.rows.push(figure.row(named ? Object.assign({}, item, { name: item.person }) : item));
  });
  return M.h('fieldset.figure', M.h('legend', name, indicator.required ? M.h('span.must', M.t('必填', 'required')) : ''),
    M.h('div.figureline', M.h('label.hidden', { 'for': this.input.id }, name), this.mode, this.input,
      M.h('span.nil', this.nil, M.h('label', { 'for': this.nil.id }, M.t('无变化', 'no change'))),
      this.lastStood ? M.h('span.hint', M.t('上期 ', 'last '), this.lastStood.nil ? M.t('无变化', 'no change') : M.amount(this.lastStood.amount !== undefined ? this.lastStood.amount : this.lastStood.running, indicator)) : ''),
    this.fault,
    opening ? M.h('div.figureline', M.h('label', { 'for': this.opening.id }, M.t('期初累计（本年度1–7月，仅首次填报）', 'Opening balance, first report only')), this.opening) : '', this.openingFault,
    indicator.items && indicator.items !== 'none' ? this.itemsBox() : '');
};
M.Figure.prototype.itemsBox = function () {
  var figure = this;
  this.body = M.h('tbody', this.rows.map(function (row) { return row.line; }));
  var person = this.indicator.key_kind === 'person';
  var paste = M.h('textarea.paste', { rows: 1, 'aria-label': M.t('从 Excel 粘贴', 'paste from Excel'), placeholder: person ? M.t('从 Excel 粘贴：姓名、到岗日期、离岗日期', 'paste from Excel: name, first day, last day') : M.t('从 Excel 粘贴：编号、日期、金额', 'paste from Excel: number, date, amount'),
    onpaste: function (event) {
      var text = (event.clipboardData || window.clipboardData).getData('text');
      if (text.indexOf('\t') < 0 && text.indexOf('\n') < 0) return;
      event.preventDefault();
      figure.paste(text);
    }, onchange: function (event) { figure.paste(event.target.value); event.target.value = ''; } });
  this.pasteUnit = M.h('select', { 'aria-label': M.t('粘贴的金额没有单位时按', 'unit of pasted amounts without one') }, ['元', '万元'].map(function (unit) { return M.h('option', { value: unit }, M.t('无单位按“' + unit + '”', 'bare: ' + unit)); }));
  var heads = person ? [M.t('姓名', 'Name'), M.t('到岗日期', 'First day'), M.t('离岗日期', 'Last day')] : [M.t('种类', 'Kind'), M.t('编号', 'Number'), M.t('发生日期', 'Day of the fact'), M.t('金额', 'Amount')];
  var box = M.h('details.items', M.h('summary', M.t('明细（逐笔）', 'Items')), M.h('table', M.h('thead', M.h('tr', heads.map(function (head) { return M.h('th', { scope: 'col' }, head); }), M.h('th', M.h('span.hidden', M.t('操作', 'actions'))))), this.body),
    M.h('div.figureline', M.h('button', { type: 'button', onclick: function () { figure.add({}); } }, M.t('加一行', 'Add a row')), paste, this.indicator.measure === 'money' ? this.pasteUnit : ''));
  box.open = this.rows.length > 0 || this.indicator.items === 'required' || person;
  return box;
};
M.Figure.prototype.row = function (item) {
  var figure = this, changed = function () { figure.form.changed(); }, person = this.indicator.key_kind === 'person', fault = M.h('div.fault');
  function input(value, label, type) { return M.h('input', { type: type || 'text', maxlength: 96, value: value || '', 'aria-label': label, oninput: changed }); }
  var row = { fault: fault, fact_day: input(item.fact_day, M.t('日期', 'day'), 'date') };
  if (person) {
    row.person = input(item.name, M.t('姓名', 'name'));
    row.out_day = input(item.out_day, M.t('离岗日期', 'last day'), 'date');
  } else {
    row.kind = M.h('select', { 'aria-label': M.t('种类', 'kind'), onchange: changed }, ['receipt', 'contract', 'uscc'].filter(function (kind) { return !figure.indicator.key_kind || figure.indicator.key_kind === kind; }).map(function (kind) { return M.h('option', { value: kind }, M.word('key_kind', kind)); }));
    if (item.key_kind) row.kind.value = item.key_kind;
    row.key = input(item.key, M.t('编号', 'number'));
    row.amount = input(item.typed || M.typed(item.amount, this.indicator), M.t('金额', 'amount'));
  }
  row.input = person ? row.person : row.key;
  var proof = M.evidenceOf(this.form, item, row);
  row.line = M.h('tr', (person ? [row.person, row.fact_day, row.out_day] : [row.kind, row.key, row.fact_day, row.amount]).map(function (one, index) { return M.h('td', one, index === 0 ? fault : ''); }),
    M.h('td', proof, M.h('button.quiet', { type: 'button', onclick: function () {
      figure.rows.splice(figure.rows.indexOf(row), 1);
      row.line.parentNode.removeChild(row.line);
      changed();
    } }, M.t('删除', 'Remove'))));
  return row;
};
M.Figure.prototype.add = function (item) {
  var row = this.row(item);
  this.rows.push(row);
  this.body.appendChild(row.line);
  this.form.changed();
  return row;
};
M.Figure.prototype.paste = function (text) {
  var figure = this, person = this.indicator.key_kind === 'person', room = 512 - this.rows.length;
  var pasted = M.pastedItems(text, person, this.indicator.measure === 'money' ? this.pasteUnit.value : '');
  pasted.items.slice(0, room).forEach(function (item) { figure.add({ name: item.name, key: item.key, key_kind: figure.indicator.key_kind || item.kind, fact_day: item.fact_day, out_day: item.out_day, typed: item.typed }); });
  var left = pasted.skipped + Math.max(0, pasted.items.length - room);
  M.tell(M.t('已粘贴 ' + Math.min(pasted.items.length, room) + ' 行' + (left ? '，' + left + ' 行不是明细，未加入' : '') + '，请核对。', Math.min(pasted.items.length, room) + ' rows pasted' + (left ? ', ' + left + ' left out' : '') + '; check them.'));
};
// Whatever stands in a row is sent, so that what is missing in it is told, not passed over.
M.rowSaid = function (row) { return [row.input, row.fact_day, row.amount, row.out_day].some(function (one) { return one && one.value.trim(); }) || !!row.evidence; };
M.Figure.prototype.gather = function () {
  var one = { indicator: this.indicator.id }, person = this.indicator.key_kind === 'person';
  if (this.member) one.member = this.member.id;
  if (this.nil.checked) one.nil = true;
  else if (this.input.value.trim()) one[this.mode.value] = this.input.value.trim();
  if (this.opening && this.opening.value.trim()) one.opening = this.opening.value.trim();
  this.sentRows = this.rows.filter(M.rowSaid);
  var items = this.sentRows.map(function (row) {
    var item = { key_kind: person ? 'person' : row.kind.value };
    if (row.fact_day.value) item.fact_day = row.fact_day.value;
    if (person) { item.person = row.person.value.trim(); if (row.out_day.value) item.out_day = row.out_day.value; }
    else { item.key = row.key.value.trim(); if (row.amount.value.trim()) item.amount = row.amount.value.trim(); }
    if (row.evidence) item.evidence = row.evidence;
    return item;
  });
  if (items.length) one.items = items;
  var said = one.nil || one.amount || one.running || one.opening || items.length;
  return said ? one : null;
};
M.Figure.prototype.place = function (rest) {
  var at = /^items\[(\d+)\]/.exec(rest);
  if (at && this.sentRows[Number(at[1])]) return this.sentRows[Number(at[1])];
  return rest.indexOf('opening') === 0 && this.opening ? { input: this.opening, fault: this.openingFault } : this;
};

// --- the receipt ---
M.showReceipt = function (report, answer) {
  var receipt = answer.receipt, verdict = answer.verdict, main = document.getElementById('main');
  // What was sent, in its own words: the paper stands for itself.
  var said = (report.figures || []).map(function (one) { var indicator = M.indicator(one.indicator); return line(indicator.name + (one.member ? ' · ' + M.member(indicator, one.member) : ''), M.figureSaid(one, indicator)); });
  var people = [['prepared_by', '填报', 'prepared'], ['reviewed_by', '审核', 'reviewed'], ['signed_by', '负责', 'signed']].filter(function (one) { return report[one[0]]; }).map(function (one) { return M.t(one[1] + ' ', one[2] + ' ') + report[one[0]]; });
  function line(name, value, mono) { return M.h('div.line', M.h('dt', name), M.h(mono ? 'dd.mono' : 'dd', value)); }
  history.replaceState(null, '', '#/receipt'); // so that the form's address is a new one again
  M.showing = null;
  M.put(main, [M.title(M.t('报送回执', 'Receipt'), M.asOf({ now_ms: Math.max(M.nowMs, receipt.received_ms || 0) })), M.h('section.card.receipt',
    M.h('p.big', verdict ? M.lamp('green', M.t('已收到，校验通过', 'received and accepted')) : M.lamp('yellow', M.t('已收到，校验结果稍后可查', 'received; the verdict follows'))),
    M.h('dl', line(M.t('单位', 'Unit'), M.unit(M.me.unit)), line(M.t('任务', 'Task'), M.taskShown(report.task)), line(M.t('报送期', 'Period'), M.periodShown(report.period)),
      line(M.t('收到时间', 'Received'), M.when(receipt.received_ms)), verdict && verdict.due_ms ? line(M.t('时限', 'Due'), M.due(verdict.due_ms)) : '', verdict ? line(M.t('版次', 'Revision'), M.t('第 ' + verdict.revision + ' 版', verdict.revision)) : '',
      said, people.length ? line(M.t('经办', 'By'), people.join('　')) : '',
      line(M.t('账本条目', 'Ledger entry'), M.h('a', { href: '#/entry/' + receipt.seq }, '№ ' + receipt.seq)), receipt.duplicate ? line(M.t('说明', 'Note'), M.t('此前已收到同一份报送，这是原回执。', 'The same report was received before; this is its first receipt.')) : '',
      line(M.t('内容摘要', 'Content hash'), receipt.content_hash, true), line(M.t('提交编号', 'Submission id'), receipt.submission_id, true), line(M.t('链首', 'Chain head'), (receipt.head_seq || '') + ' · ' + (receipt.head_hash || ''), true)),
    M.h('div.actions.noprint', M.h('button.primary', { type: 'button', onclick: function () { window.print(); } }, M.t('打印回执', 'Print')), M.h('a.button', { href: '#/tasks/' + report.period }, M.t('返回任务', 'Back to my tasks'))))]);
  main.focus({ preventScroll: true });
  window.scrollTo(0, 0);
};
