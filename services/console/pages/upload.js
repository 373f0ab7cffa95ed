// Many reports as a table: a file of Excel, WPS or CSV, read here, checked by the server as the command line checks it, corrected
// in place, sent report by report. A report keeps its submission id until it has a verdict: sent again, it never counts twice.
'use strict';
M.sheetMost = { bytes: 8 * 1024 * 1024, sent: 500 * 1024, rows: 5000, columns: 256, shown: 400 };
M.sheetStates = { unsent: ['grey', '未报送', 'not sent'], blank: ['grey', '未填写', 'not filled in'], faulty: ['red', '单元格有误', 'cells are wrong'], checked: ['green', '可以报送', 'may be sent'],
  standing: ['green', '此前已报', 'stands already'], refused: ['red', '不能报送', 'refused'], soft: ['yellow', '需要说明', 'wants an explanation'], sending: ['blue', '报送中', 'sending'],
  handable: ['green', '可以提交审核', 'may be handed over'], handed: ['blue', '已提交本单位审核', 'handed to your approver'], accepted: ['green', '已报，校验通过', 'received and accepted'], received: ['yellow', '已收到，结果待查', 'received, no verdict yet'], silent: ['yellow', '未得结果', 'no answer'] };
M.columnName = function (column) { // 1 is A, 27 is AA
  var name = '';
  for (; column > 0; column = Math.floor((column - 1) / 26)) name = String.fromCharCode(65 + (column - 1) % 26) + name;
  return name;
};

// --- a file into cells ---
// A number is taken as it is stored, to the 15 digits that a spreadsheet keeps, not as a column happens to show it. Where the
// format scales it (万 for a cell that holds 元), both are written, and the server refuses the cell: nothing is guessed.
M.cellText = function (XLSX, cell, date1904) {
  if (!cell) return '';
  if (cell.v === undefined || cell.v === null) return cell.f ? '=' + cell.f : '';
  if (cell.t === 'e') return cell.w || '#VALUE!';
  if (cell.t === 'b') return cell.v ? 'TRUE' : 'FALSE';
  if (cell.t !== 'n') return String(cell.v);
  var format = typeof cell.z === 'string' ? cell.z : '', plain = String(Number(cell.v.toPrecision(15))), shown = cell.w || plain;
  if (format && XLSX.SSF.is_date(format)) {
    var day = XLSX.SSF.parse_date_code(cell.v, { date1904: date1904 }), two = function (number) { return ('0' + number).slice(-2); };
    if (!day || day.y < 1970) return shown;
    return day.y + '-' + two(day.m) + '-' + two(day.d) + (day.H || day.M || day.S ? ' ' + two(day.H) + ':' + two(day.M) + ':' + two(day.S) : '');
  }
  if (/%/.test(format)) return shown;
  if (/[万亿]|,(?![#0?])|!/.test(format) && Number(shown.replace(/[^0-9.-]/g, '')) !== Number(plain)) return plain + '（显示为 ' + shown + '）';
  return plain;
};
M.sheetCells = function (XLSX, sheet, date1904) {
  var rows = [], last = 0, data = sheet['!data'] || [];
  for (var at = 0; at < data.length; at++) {
    var cells = [], width = 0;
    (data[at] || []).forEach(function (cell, column) {
      var text = M.cellText(XLSX, cell, date1904);
      if (text === '' || column >= M.sheetMost.columns) return;
      while (cells.length < column) cells.push('');
      cells[column] = text;
      width = column + 1;
    });
    rows.push(cells);
    if (width) last = at + 1;
  }
  return rows.slice(0, last);
};
// UTF-8 to the last byte, or GB18030 to the last byte; what spreadsheets call Unicode text is UTF-16 with tabs.
M.fileText = function (bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { text: new TextDecoder('utf-16le').decode(bytes), encoding: 'UTF-16' };
  try { return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'UTF-8' }; } catch (error) {
    try { return { text: new TextDecoder('gb18030', { fatal: true }).decode(bytes), encoding: 'GB18030' }; } catch (other) {
      throw new Error(M.t('文件既不是 UTF-8，也不是 GB18030，也不是 Excel 文件。', 'The file is neither UTF-8 nor GB18030, nor of Excel.'));
    }
  }
};
// → {sheets: [{name, rows}]} or {csv, encoding}
M.readSheet = function (file) {
  if (file.size > M.sheetMost.bytes) return Promise.reject(new Error(M.t('文件超过 8 MB，请分成几个文件。', 'The file has more than 8 MB; split it.')));
  return new Response(file).arrayBuffer().then(function (buffer) {
    var bytes = new Uint8Array(buffer), zip = bytes[0] === 0x50 && bytes[1] === 0x4b, ole = bytes[0] === 0xd0 && bytes[1] === 0xcf;
    var markup = bytes[bytes[0] === 0xef ? 3 : 0] === 0x3c; // .xls that is XML or HTML, as many systems export it
    if (!zip && !ole && !markup) {
      var read = M.fileText(bytes), first = read.text.split('\n')[0];
      if (first.indexOf('\t') >= 0 && first.indexOf(',') < 0) return { sheets: [{ name: read.encoding, rows: M.cells(read.text, '\t') }], encoding: read.encoding };
      return { csv: read.text, encoding: read.encoding };
    }
    return M.library('XLSX').then(function (XLSX) {
      var book;
      try {
        book = XLSX.read(bytes, { type: 'array', dense: true, cellNF: true, cellText: true, cellHTML: false, sheetRows: M.sheetMost.rows + 1 });
      } catch (error) {
        throw new Error(/password|encrypt/i.test(error.message) ? M.t('文件有密码，请先去掉密码再上传。', 'The file has a password; remove it first.') : M.t('文件读不出来，请在表格软件中另存为 XLSX 再上传：', 'The file cannot be read; save it as XLSX: ') + error.message);
      }
      var states = (book.Workbook || {}).Sheets || [], date1904 = !!((book.Workbook || {}).WBProps || {}).date1904;
      var sheets = book.SheetNames.map(function (name, index) {
        return { name: name, hidden: !!(states[index] || {}).Hidden, rows: M.sheetCells(XLSX, book.Sheets[name], date1904) };
      }).filter(function (sheet) { return !sheet.hidden && sheet.rows.length; });
      if (!sheets.length) throw new Error(M.t('文件里没有内容。', 'The file is empty.'));
      return { sheets: sheets, encoding: zip ? 'XLSX' : ole ? 'XLS' : 'XML' };
    });
  });
};

// --- the page ---
M.pageUpload = function (main) {
  if (!M.upload || M.upload.login !== M.me.login) M.upload = new M.Upload();
  M.upload.draw(main);
};
M.Upload = function () {
  this.login = M.me.login;
  this.rows = null; // cells as texts, header included
  this.open = {};   // rows whose cells may all be edited
  this.done = {};   // what was sent: {content: {one, state, answer}}
};
M.Upload.prototype.draw = function (main) {
  var upload = this;
  this.main = main;
  this.out = M.h('div', { role: 'status', 'aria-live': 'polite' });
  this.preview = M.h('div');
  var input = M.h('input', { type: 'file', id: M.id('sheet'), accept: '.xlsx,.xls,.xlsm,.et,.ett,.ods,.csv,.txt', onchange: function () { if (input.files[0]) upload.take(input.files[0]); input.value = ''; } });
  input.className = 'hidden';
  var drop = M.h('div.drop', input, M.h('label.button', { 'for': input.id }, M.t('选择文件', 'Choose a file')), M.h('p.hint', M.t('或把文件拖到这里。Excel（xlsx、xls）、WPS（et）、CSV（UTF-8、GB18030）均可；文件在浏览器中读取，提交前什么也不留存。', 'or drop it here: Excel, WPS, CSV in UTF-8 or GB18030. It is read on this machine; nothing is kept before it is sent.')));
  drop.addEventListener('dragover', function (event) { event.preventDefault(); drop.classList.add('over'); });
  drop.addEventListener('dragleave', function () { drop.classList.remove('over'); });
  drop.addEventListener('drop', function (event) {
    event.preventDefault();
    drop.classList.remove('over');
    if (event.dataTransfer.files[0]) upload.take(event.dataTransfer.files[0]);
  });
  M.put(main, [M.title(M.t('批量报送', 'Many reports at once'), M.asOf({ now_ms: M.nowMs })), this.templateBox(),
    M.h('section.card', M.h('h2', M.t('二、选择填好的文件', '2. The file, filled in')), drop, this.out), this.preview]);
  if (this.checked) this.show();
};
M.Upload.prototype.templateBox = function () {
  var begun = M.plan.periods.filter(function (one) { return one.from <= M.day(M.nowMs); }), newest = begun[begun.length - 1] || M.plan.periods[0];
  var period = M.h('select', { id: M.id('period') }, M.plan.periods.map(function (one) { return M.h('option', { value: one.id }, M.periodShown(one.id)); }));
  var all = M.h('input', { type: 'checkbox', id: M.id('all') }), due = M.h('span.hint');
  function tell() { var one = M.period(period.value); M.put(due, M.t('时限 ', 'due ') + M.due(one.due_ms) + '（' + M.daysShown({ due_ms: one.due_ms }) + '）'); }
  period.value = newest.id;
  period.addEventListener('change', tell);
  tell();
  function get(save) {
    M.get(M.query('/api/v1/sheets/template', { period: period.value, all: all.checked ? '1' : '', lang: M.lang })).then(function (answer) {
      if (!answer.ok) { M.tell((answer.json.errors || []).map(M.say).join(' ')); return; }
      if (answer.json.rows.length < 2) { M.tell(M.t('本期没有待报内容；更正已报内容请勾选“含已报”。', 'Nothing is owed; tick “with what is reported” to correct.')); return; }
      save(M.unit(M.me.unit) + '-' + period.value, answer.json.rows);
    });
  }
  return M.h('section.card', M.h('h2', M.t('一、下载待填表', '1. The table to fill in')),
    M.h('div.figureline', M.h('label', { 'for': period.id }, M.t('报送期', 'Period')), period, M.h('span.nil', all, M.h('label', { 'for': all.id }, M.t('含已报（用于更正）', 'with what is reported, to correct it'))), due),
    M.h('div.actions', M.h('button', { type: 'button', onclick: function () { get(M.templateXlsx); } }, M.t('下载 Excel 待填表', 'Excel table')),
      M.h('button.quiet', { type: 'button', onclick: function () { get(M.templateCsv); } }, M.t('下载 CSV 待填表', 'CSV table'))));
};
M.templateCsv = function (name, rows) {
  M.exportCsv(name, rows[0].map(function (head, index) { return { head: head, of: function (row) { return row[index] || ''; } }; }), rows.slice(1));
};
// Cells to be filled in are texts, but for amounts, with which people calculate: so nothing becomes 1.2E+14 or another day.
M.templateXlsx = function (name, rows) {
  return M.library('XLSX').then(function (XLSX) {
    var book = XLSX.utils.book_new(), all = rows.slice(), heads = rows[0];
    for (var more = 0; more < 40; more++) all.push([]);
    var sheet = XLSX.utils.aoa_to_sheet(all.map(function (row, at) {
      return heads.map(function (head, column) {
        var text = row[column] || '';
        return text === '' && /[(（]/.test(head) ? null : { t: 's', v: text, z: at === 0 ? 'General' : '@' };
      });
    }));
    sheet['!cols'] = heads.map(function (head, column) { return { wch: Math.min(44, rows.reduce(function (most, row) { return Math.max(most, M.cellWidth(row[column] || '')); }, 8) + 2) }; });
    XLSX.utils.book_append_sheet(book, sheet, M.t('报送', 'reports'));
    M.download(name + '.xlsx', M.xlsxType, XLSX.write(book, { type: 'array', bookType: 'xlsx', compression: true }));
  }).catch(function (error) { M.tell(error.message); });
};

// --- a file is taken ---
M.Upload.prototype.take = function (file) {
  var upload = this;
  if (this.busy) { M.tell(M.t('正在报送，请稍候。', 'Reports are being sent; wait a moment.')); return Promise.resolve(); }
  this.rows = this.checked = null;
  this.message = '';
  this.open = {};
  this.done = {};
  M.put(this.preview, '');
  M.put(this.out, M.h('span.checking', M.t('读取中…', 'reading…')));
  return M.readSheet(file).then(function (read) {
    upload.file = file.name;
    upload.read = read;
    if (read.csv !== undefined) return upload.check({ csv: read.csv });
    return upload.choose(0);
  }).catch(function (error) { M.put(upload.out, M.h('div.notice.bad', { role: 'alert' }, M.h('p', error.message))); });
};
M.Upload.prototype.choose = function (index) {
  this.sheet = index;
  this.rows = this.read.sheets[index].rows;
  if (this.rows.length > M.sheetMost.rows) {
    M.put(this.preview, '');
    M.put(this.out, M.h('div.notice.bad', { role: 'alert' }, M.h('p', M.t('行数超过 ' + M.sheetMost.rows + '，请分成几个文件。', 'More than ' + M.sheetMost.rows + ' rows; split the file.'))));
    return Promise.resolve();
  }
  return this.check({ rows: this.rows });
};
M.Upload.prototype.check = function (body) {
  var upload = this, turn = this.turn = (this.turn || 0) + 1;
  if (new TextEncoder().encode(JSON.stringify(body || { rows: this.rows })).length > M.sheetMost.sent) { // the door would close before it is read
    this.checked = null;
    M.put(this.preview, '');
    M.put(this.out, M.h('div.notice.bad', { role: 'alert' }, M.h('p', M.t('表太大（超过 500 KB 文字），请分成几个文件。', 'The table is too large (more than 500 KB of text); split the file.'))));
    return Promise.resolve(false);
  }
  M.put(this.out, M.h('span.checking', M.t('校验中…', 'checking…')));
  return M.request('POST', '/api/v1/sheets/check', body || { rows: this.rows }).then(function (answer) {
    if (turn !== upload.turn || upload.composing) return false; // what is being typed is asked about again
    if (!answer.ok) { M.put(upload.out, [M.faults(answer), M.h('button', { type: 'button', onclick: function () { upload.check(body); } }, M.t('再校验一次', 'Check again'))]); return false; }
    if (answer.json.rows) upload.rows = answer.json.rows;
    upload.checked = answer.json;
    upload.show();
    return true;
  });
};
M.Upload.prototype.changed = function () {
  var upload = this;
  clearTimeout(this.timer);
  this.timer = setTimeout(function () { if (!upload.composing && !upload.busy) upload.check(); }, 600);
};

// --- what is shown ---
// What was sent is known by its content: the same rows, changed, are another report.
M.Upload.prototype.key = function (one) { return one.report ? JSON.stringify(one.report) : ''; };
M.Upload.prototype.sent = function (one) { return this.done[this.key(one)] || { state: '' }; };
M.Upload.prototype.state = function (one) {
  var state = this.sent(one).state;
  if (state && state !== 'refused') return state;
  if (this.isGood(one) && M.mustHandOver(one.task)) return 'handable';
  return one.state === 'refused' && one.faults.every(function (fault) { return fault.soft; }) ? 'soft' : one.state;
};
M.Upload.prototype.isDone = function (one) { var state = this.sent(one).state; return state === 'accepted' || state === 'handed'; };
// Nothing is left to say but the names of those who approve it, where the plan asks for them.
M.Upload.prototype.isGood = function (one) {
  return one.state === 'checked' || (one.state === 'refused' && M.mustHandOver(one.task) && one.faults.every(M.namesLater));
};
M.Upload.prototype.isWell = function () {
  var upload = this;
  return !this.checked.faults.length && this.checked.reports.every(function (one) { return upload.isDone(one) || upload.isGood(one) || one.state === 'standing' || one.state === 'blank'; });
};
M.Upload.prototype.isOpen = function (one) { var state = this.sent(one).state; return state === 'silent' || state === 'received'; };
M.Upload.prototype.lamp = function (one) {
  var state = this.state(one), words = M.sheetStates[state] || M.sheetStates.unsent;
  return M.lamp(words[0], M.t(words[1], words[2]));
};
M.Upload.prototype.sendable = function () {
  var upload = this;
  return this.checked.reports.filter(function (one) { return one.report && !upload.isDone(one) && (upload.isGood(one) || upload.isOpen(one)); });
};
M.Upload.prototype.show = function () {
  var upload = this, checked = this.checked, sheets = (this.read || {}).sheets || [], focus = this.focused();
  var name = M.id('pick'), pick = sheets.length > 1 ? M.h('div.figureline', M.h('label', { 'for': name }, M.t('工作表', 'Sheet')), M.h('select', { id: name, onchange: function (event) { upload.open = {}; upload.done = {}; upload.choose(Number(event.target.value)); } }, sheets.map(function (sheet, index) {
    return M.h('option', { value: String(index), selected: index === upload.sheet }, sheet.name);
  }))) : '';
  M.put(this.out, [M.h('p', M.h('strong', this.file), M.t('（' + this.read.encoding + '，' + this.rows.length + ' 行）', ' (' + this.read.encoding + ', ' + this.rows.length + ' rows)')), pick]);
  if (checked.faults.length) {
    M.put(this.preview, M.h('section.card', M.h('h2', M.t('三、文件有误，不能报送', '3. The file is wrong')), M.h('ul.plainlist', checked.faults.map(function (fault) {
      return M.h('li.one.hard', { 'data-code': fault.code }, M.shape('red'), M.h('span', M.h('strong', fault.row ? M.columnName(fault.column) + fault.row : ''), ' ', fault.header || '', ' ', M.say(fault)));
    })), this.rows.length ? this.table() : ''));
    this.refocus(focus);
    return;
  }
  M.put(this.preview, [M.h('section.card', M.h('h2', M.t('三、核对', '3. Check')), this.counts(), this.table(), this.sendBar()), this.results()]);
  this.refocus(focus);
};
// The cell that is being typed into, so that a table drawn anew has it again.
M.Upload.prototype.focused = function () {
  var at = document.activeElement;
  return at && at.getAttribute && at.getAttribute('data-cell') ? { cell: at.getAttribute('data-cell'), from: at.selectionStart, to: at.selectionEnd } : null;
};
M.Upload.prototype.refocus = function (focus) {
  var at = focus && this.preview.querySelector('[data-cell="' + focus.cell + '"]');
  if (!at) return;
  at.focus();
  if (at.setSelectionRange && typeof focus.from === 'number') at.setSelectionRange(focus.from, focus.to);
};
M.Upload.prototype.counts = function () {
  var upload = this, counts = {};
  this.checked.reports.forEach(function (one) { var state = upload.state(one); counts[state] = (counts[state] || 0) + 1; });
  return M.h('p.counts', M.t('共 ' + this.checked.reports.length + ' 份报告（任务 × 报送期）：', this.checked.reports.length + ' reports (task × period): '), Object.keys(M.sheetStates).filter(function (state) { return counts[state]; }).map(function (state) {
    return M.h('span.count', M.lamp(M.sheetStates[state][0], M.t(M.sheetStates[state][1], M.sheetStates[state][2]) + ' ' + counts[state]));
  }));
};
// Faults by "row column"; column 0 is the whole row.
M.Upload.prototype.faultsAt = function () {
  var all = {};
  function add(fault, note) { var at = fault.row + ' ' + fault.column; (all[at] = all[at] || []).push({ fault: fault, note: note }); }
  this.checked.faults.forEach(function (fault) { add(fault, false); });
  var upload = this;
  this.checked.reports.forEach(function (one) {
    if (upload.isDone(one)) return;
    one.faults.forEach(function (fault) { if (!upload.isGood(one)) add(fault, false); });
    (one.notes || []).forEach(function (fault) { add(fault, true); });
  });
  return all;
};
M.Upload.prototype.table = function () {
  var upload = this, faults = this.faultsAt(), body = this.checked.body_row || 1, heads = this.rows[body - 1] || [], width = this.rows.reduce(function (most, row) { return Math.max(most, row.length); }, 0);
  var of = {}, columns = [], shown = 0, left = 0;
  this.checked.reports.forEach(function (one) { one.rows.forEach(function (row, index) { of[row] = { one: one, first: index === 0 }; }); });
  for (var column = 0; column < width; column++) {
    var used = this.rows.slice(body).some(function (row) { return (row[column] || '') !== ''; }) || Object.keys(faults).some(function (at) { return Number(at.split(' ')[1]) === column + 1; });
    if (used || (heads[column] || '') !== '') columns.push(column);
  }
  var lines = [];
  for (var at = body; at < this.rows.length; at++) {
    var number = at + 1, here = of[number], wrong = !!faults[number + ' 0'] || columns.some(function (one) { return faults[number + ' ' + (one + 1)]; });
    if (!wrong && !here && this.rows[at].every(function (cell) { return !cell; })) continue;
    if (this.onlyWrong && !wrong) continue;
    if (shown >= M.sheetMost.shown && !wrong) { left++; continue; }
    shown++;
    lines.push(this.line(at, here, columns, faults));
  }
  var only = M.h('input', { type: 'checkbox', id: M.id('wrong'), onchange: function () { upload.onlyWrong = only.checked; upload.show(); } });
  only.checked = !!this.onlyWrong;
  return M.h('div.tablebox.sheet', M.h('div.tabletools', M.h('span.nil', only, M.h('label', { 'for': only.id }, M.t('只看有误的行', 'only rows with faults'))), M.h('span.note', left ? M.t('另有 ' + left + ' 行无误，未显示', left + ' more rows without faults are not shown') : ''),
      M.exportButtons({ name: M.unit(M.me.unit) + '-' + M.t('改后', 'mended'), caption: M.t('报送', 'reports') }, this.asColumns(width), this.rows.slice(body))),
    M.h('div.scroll', { tabindex: '0', role: 'region', 'aria-label': M.t('预览', 'preview') }, M.h('table', M.h('caption.hidden', M.t('预览', 'preview')),
      M.h('thead', M.h('tr', M.h('th', { scope: 'col' }, M.t('行', 'Row')), M.h('th', { scope: 'col' }, M.t('将报送为', 'Will be reported as')), columns.map(function (one) { return M.h('th', { scope: 'col' }, M.h('span.letter', M.columnName(one + 1)), ' ', heads[one] || ''); }))),
      M.h('tbody', lines.length ? lines : M.h('tr', M.h('td.nothing', { colspan: columns.length + 2 }, M.t('没有有误的行', 'no rows with faults')))))));
};
// The table as it stands, corrections and all, to be kept as a file.
M.Upload.prototype.asColumns = function (width) {
  var heads = this.rows[(this.checked.body_row || 1) - 1] || [], columns = [];
  function column(index) { return { head: heads[index] || '', of: function (row) { return row[index] || ''; } }; }
  for (var index = 0; index < width; index++) columns.push(column(index));
  return columns;
};
M.Upload.prototype.line = function (at, here, columns, faults) {
  var upload = this, number = at + 1, rowFaults = faults[number + ' 0'] || [], open = this.open[number], heads = this.rows[(this.checked.body_row || 1) - 1] || [];
  var as = M.h('td.as', here ? (here.first ? [M.h('div.keep', M.taskShown(here.one.task)), M.h('div.keep', M.periodShown(here.one.period)), this.lamp(here.one), this.figures(here.one)] : M.h('span.none', M.t('同上', 'as above'))) : M.h('span.none', '—'),
    rowFaults.map(function (one) { return upload.fault(one, at, M.id('fault')); }),
    M.h('button.quiet', { type: 'button', 'aria-label': M.t('修改第 ' + number + ' 行', 'edit row ' + number), 'aria-pressed': open ? 'true' : 'false', onclick: function () { upload.open[number] = !open; upload.show(); } }, open ? M.t('收起', 'Close') : M.t('修改', 'Edit')));
  return M.h('tr', { 'class': rowFaults.length || columns.some(function (one) { return (faults[number + ' ' + (one + 1)] || []).some(function (fault) { return !fault.note; }); }) ? 'wrong' : null }, M.h('th', { scope: 'row' }, String(number)), as, columns.map(function (column) {
    var here = faults[number + ' ' + (column + 1)] || [], text = upload.rows[at][column] || '', ids = here.map(function () { return M.id('fault'); });
    var hard = here.some(function (one) { return !one.note && !one.fault.soft; }), soft = !hard && here.some(function (one) { return !one.note; });
    var cell = hard || open ? M.h(text.length > 24 || text.indexOf('\n') >= 0 ? 'textarea' : 'input', { type: 'text', rows: '2', value: text, 'data-cell': number + ' ' + column, maxlength: 4000, 'aria-label': M.columnName(column + 1) + number + ' ' + (heads[column] || ''),
      disabled: !!upload.busy, oncompositionstart: function () { upload.composing = true; }, oncompositionend: function (event) { upload.composing = false; upload.put(at, column, event.target.value); upload.changed(); },
      'aria-invalid': hard ? 'true' : null, 'aria-describedby': ids.length ? ids.join(' ') : null, oninput: function (event) { upload.put(at, column, event.target.value); upload.changed(); } }) : M.h(text.length > 14 || text.indexOf('\n') >= 0 ? 'span.value' : 'span.value.short', text);
    return M.h(hard ? 'td.hard' : soft ? 'td.soft' : 'td', cell, here.map(function (one, index) { return upload.fault(one, at, ids[index]); }));
  }));
};
// What the table was read as, in full: a bare 12.5 below 万元 is 12.50 万元.
M.Upload.prototype.figures = function (one) {
  return M.h('ul.plainlist.read', (one.figures || []).map(function (figure) {
    var indicator = M.indicator(figure.indicator);
    return M.h('li', indicator.name, figure.member ? ' · ' + M.member(indicator, figure.member) : '', ' ', figure.amount === undefined ? '' : M.t('本月 ', 'month ') + M.amount(figure.amount, indicator), figure.running === undefined ? '' : M.t('，累计 ', ', running ') + M.amount(figure.running, indicator));
  }));
};
M.Upload.prototype.fault = function (one, at, id) {
  var upload = this, fault = one.fault, soft = !!fault.soft, words = M.h(one.note ? 'div.one.told' : soft ? 'div.one.soft' : 'div.one.hard', { id: id, 'data-code': fault.code }, M.shape(one.note ? 'green' : soft ? 'yellow' : 'red'),
    M.h('span', one.note ? M.t('已说明：', 'explained: ') : '', M.say(fault)));
  if (!soft || one.note || this.checked.explanation === undefined) return words;
  var why = M.h('input', { type: 'text', id: M.id('why'), maxlength: 500, 'data-cell': 'why ' + at + ' ' + fault.code, 'data-explains': fault.code, onchange: function () { if (why.value.trim()) { upload.explain(at, fault.code, why.value.trim()); upload.check(); } } });
  return [words, M.h('div.explain', M.h('label', { 'for': why.id }, M.t('情况说明（写明原因即可通过）', 'Explanation (with it the report passes)')), why)];
};
M.Upload.prototype.put = function (at, column, text) {
  while (this.rows[at].length <= column) this.rows[at].push('');
  this.rows[at][column] = text;
};
// An explanation is a cell like any other: "code：words", one a line, in a column that the table may not have had.
M.Upload.prototype.explain = function (at, code, text) {
  var column = this.checked.explanation, head = (this.checked.body_row || 1) - 1;
  if (column === 0) {
    column = this.rows.reduce(function (most, row) { return Math.max(most, row.length); }, 0) + 1;
    this.put(head, column - 1, this.checked.explanation_head);
    this.checked.explanation = column;
  }
  var kept = (this.rows[at][column - 1] || '').split('\n').filter(function (line) { return line.trim() && line.indexOf(code) !== 0; });
  this.put(at, column - 1, kept.concat([code + '：' + text.replace(/\s+/g, ' ')]).join('\n'));
};

// --- sending ---
M.Upload.prototype.sendBar = function () {
  var upload = this, good = this.sendable().length, rest = this.checked.reports.filter(function (one) { return !upload.isDone(one) && one.state !== 'standing' && one.state !== 'blank'; }).length;
  this.progress = M.h('progress', { max: '1', value: '0', 'aria-label': M.t('报送进度', 'progress'), hidden: true });
  this.told = M.h('div', { role: 'status', 'aria-live': 'polite' }, this.message || '');
  var interrupted = this.checked.reports.some(function (one) { return upload.isOpen(one); });
  var hands = this.sendable().some(function (one) { return M.mustHandOver(one.task); }), send = hands ? M.t('提交审核', 'Hand over') : M.t('提交', 'Send');
  return M.h('div.sendsheet', this.told, this.progress, M.h('p.hint', M.t('“全部提交”先把所有报告再校验一遍，有一份不能报就一份也不报；“只提交无误的”逐份报送。已报的不会重复计数。', '“Send all” checks every report once more, and sends none unless all pass; “send the good ones” goes report by report. Nothing counts twice.'), hands ? M.t('本单位报送须先审核：提交后由审核人报送，审核前不算已报。', ' Your unit approves first: it is not reported before the approver sends it.') : ''),
    M.h('div.actions', !good && !rest ? '' : M.h('button.primary', { type: 'button', disabled: !good || good < rest || !!this.busy, onclick: function () { upload.sendAll(); } }, M.t('全部' + send + '（' + rest + ' 份）', send + ' all (' + rest + ')')),
      good && good < rest ? M.h('button', { type: 'button', disabled: !!this.busy, onclick: function () { upload.send(); } }, M.t('只' + send + '无误的（' + good + ' 份）', send + ' the good ones (' + good + ')')) : '',
      interrupted ? M.h('button', { type: 'button', disabled: !!this.busy, onclick: function () { upload.send(); } }, M.t('继续提交', 'Go on')) : ''));
};
M.Upload.prototype.sendAll = function () {
  var upload = this;
  this.check().then(function (told) {
    if (!told) return;
    if (!upload.isWell()) { upload.message = M.h('div.notice.bad', { role: 'alert' }, M.h('p', M.t('校验有变化，一份也没有报送，请看有误的行。', 'Not all pass any more; nothing was sent.'))); upload.show(); return; }
    upload.send();
  });
};
// The id of this very content: kept in the tab until there is a verdict, so that it outlives a lost line and a reload.
M.Upload.prototype.idOf = function (one) {
  return M.digest(new TextEncoder().encode(M.me.unit + JSON.stringify(one.report)).buffer).then(function (hash) {
    var name = 'sheet.' + hash, id = null;
    try { id = sessionStorage.getItem(name); } catch (error) { id = null; }
    if (!id) id = M.newId();
    try { sessionStorage.setItem(name, id); } catch (error) { one.id = id; }
    return { id: one.id || id, forget: function () { try { sessionStorage.removeItem(name); } catch (error) { one.id = null; } one.id = null; } };
  });
};
M.Upload.prototype.send = function () {
  var upload = this, list = this.sendable(), at = 0;
  if (this.busy || !list.length) return Promise.resolve();
  this.busy = true;
  this.message = '';
  function warn(event) { event.preventDefault(); event.returnValue = ''; }
  window.addEventListener('beforeunload', warn);
  function told() {
    if (!upload.progress) return;
    upload.progress.hidden = false;
    upload.progress.max = list.length;
    upload.progress.value = at;
    M.put(upload.told, M.h('p', M.t('报送中 ' + at + ' / ' + list.length, 'sending ' + at + ' / ' + list.length)));
  }
  function next() {
    if (at === list.length) return Promise.resolve(true);
    told();
    return upload.sendOne(list[at], 0).then(function (go) {
      if (!go) return false;
      at++;
      return next();
    });
  }
  this.show();
  return next().then(function (whole) {
    window.removeEventListener('beforeunload', warn);
    upload.busy = false;
    upload.message = whole ? M.h('p', M.t('本次报送结束。', 'Done.')) : M.h('div.notice.bad', { role: 'alert' }, M.h('p', M.t('连接中断，其余未报。恢复后按“继续提交”：用的是同一编号，已收到的不会重复计数。', 'The line was lost. “Go on” uses the same ids: what was received does not count twice.')));
    upload.show();
    return whole ? upload.check() : null;
  });
};
M.wait = function (ms) { return new Promise(function (resolve) { setTimeout(resolve, ms); }); };
// One report, tried a few times under the same id. false: nobody answers, nothing more is tried.
M.Upload.prototype.sendOne = function (one, attempt) {
  var upload = this, key = this.key(one);
  upload.done[key] = { one: one, state: 'sending' };
  return this.idOf(one).then(function (known) {
    if (M.mustHandOver(one.task)) return upload.handOne(one, known, attempt);
    return M.post(Object.assign({ submission_id: known.id }, one.report)).then(function (answer) {
      var verdict = answer.json.verdict, again = answer.status === 0 || answer.status === 503 || answer.status === 202;
      if (again && attempt < 3) return M.wait(500 << attempt).then(function () { return upload.sendOne(one, attempt + 1); });
      upload.done[key] = { one: one, answer: answer.json, state: answer.status === 202 ? 'received' : again || answer.status === 401 ? 'silent' : verdict && verdict.accepted ? 'accepted' : 'refused' };
      if (answer.status === 202) return true;
      if (upload.done[key].state === 'silent') return false;
      if (upload.done[key].state === 'refused') known.forget(); // judged: what follows is another sending
      return true;
    });
  });
};
// Where the unit approves first, a report is handed over as a draft; what somebody else has there is not written over.
M.Upload.prototype.handOne = function (one, known, attempt) {
  var upload = this, key = this.key(one), report = Object.assign({ submission_id: known.id }, one.report);
  ['prepared_by', 'reviewed_by', 'signed_by'].forEach(function (name) { if (report[name]) report[name] = report[name].text; });
  report.figures = (report.figures || []).map(function (figure) {
    return figure.items ? Object.assign({}, figure, { items: figure.items.map(function (item) { return item.person ? Object.assign({}, item, { person: item.person.text }) : item; }) }) : figure;
  });
  function told(answer) {
    if ((answer.status === 0 || answer.status === 503) && attempt < 3) return M.wait(500 << attempt).then(function () { return upload.sendOne(one, attempt + 1); });
    upload.done[key] = { one: one, answer: answer.json, state: answer.ok ? 'handed' : answer.status === 0 || answer.status === 503 || answer.status === 401 ? 'silent' : 'refused' };
    return upload.done[key].state !== 'silent';
  }
  return M.get(M.query('/api/v1/drafts', { task: one.task, period: one.period })).then(function (answer) {
    var draft = answer.ok ? answer.json.rows[0] : null;
    if (!answer.ok) return told(answer);
    if (draft && draft.state === 'handed' && draft.report && draft.report.submission_id === known.id) return told(answer); // it arrived, its answer did not
    if (draft) return told({ ok: false, status: 409, json: { errors: [{ code: 'draft', zh: '填报页已有草稿（' + M.draftWords(draft) + '），请先在填报页处理。', en: 'There is a draft already (' + M.draftWords(draft) + '); see to it in the form first.' }] } });
    return M.request('POST', '/api/v1/drafts', { task: one.task, period: one.period, version: draft ? draft.version : 0, state: 'handed', report: report }).then(told);
  });
};
M.Upload.prototype.results = function () {
  var upload = this, rows = Object.keys(this.done).map(function (key) { return { one: upload.done[key].one, done: upload.done[key] }; });
  if (!rows.length) return '';
  function receipt(row) { return (row.done.answer || {}).receipt || {}; }
  return M.h('section.card', M.h('h2', M.t('四、回执', '4. Receipts')), M.table([
    { head: M.t('行', 'Rows'), of: function (row) { return row.one.rows.length > 1 ? row.one.rows[0] + '–' + row.one.rows[row.one.rows.length - 1] : row.one.rows[0]; } },
    { head: M.t('任务', 'Task'), keep: true, of: function (row) { return M.taskShown(row.one.task); } },
    { head: M.t('报送期', 'Period'), keep: true, of: function (row) { return row.one.period; } },
    { head: M.t('结果', 'Outcome'), keep: true, of: function (row) { return M.t(M.sheetStates[row.done.state][1], M.sheetStates[row.done.state][2]) + (receipt(row).duplicate ? M.t('（原回执）', ' (original receipt)') : ''); },
      show: function (row) { return M.lamp(M.sheetStates[row.done.state][0], M.t(M.sheetStates[row.done.state][1], M.sheetStates[row.done.state][2]) + (receipt(row).duplicate ? M.t('（原回执）', ' (original receipt)') : '')); } },
    { head: M.t('版次', 'Revision'), right: true, of: function (row) { return ((row.done.answer || {}).verdict || {}).revision || ''; } },
    { head: M.t('收到时间', 'Received'), keep: true, of: function (row) { return receipt(row).received_ms ? M.when(receipt(row).received_ms) : ''; } },
    { head: M.t('账本条目', 'Ledger entry'), right: true, of: function (row) { return receipt(row).seq || ''; }, show: function (row) { return receipt(row).seq ? M.h('a', { href: '#/entry/' + receipt(row).seq }, '№ ' + receipt(row).seq) : ''; } },
    { head: M.t('提交编号', 'Submission id'), of: function (row) { return receipt(row).submission_id || ''; }, show: function (row) { return M.h('span.mono', receipt(row).submission_id || ''); } },
    { head: M.t('原因', 'Reasons'), of: function (row) { return row.done.state === 'refused' ? ((row.done.answer.errors || (row.done.answer.verdict || {}).reasons || []).map(M.say).join(' ')) : ''; } }
  ], rows, { name: 'receipts', caption: M.t('回执', 'Receipts'), note: this.file }),
  M.h('div.actions.noprint', M.h('button', { type: 'button', onclick: function () { window.print(); } }, M.t('打印回执', 'Print'))));
};
