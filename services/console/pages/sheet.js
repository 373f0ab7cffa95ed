// Sheets: libraries that only some pages need, tables out as CSV and XLSX, cells in from files and from the clipboard.
'use strict';
// --- libraries of others, loaded when they are first needed ---
M.libraries = { XLSX: '/vendor/xlsx-0.20.3.js', echarts: '/vendor/echarts-6.1.0.js' };
M.loading = {};
M.library = function (name) {
  if (window[name]) return Promise.resolve(window[name]);
  if (!M.loading[name]) {
    M.loading[name] = new Promise(function (resolve, reject) {
      var script = M.h('script', { src: M.libraries[name] });
      script.onload = function () { resolve(window[name]); };
      script.onerror = function () { // the next who wants it tries again
        delete M.loading[name];
        document.head.removeChild(script);
        reject(new Error(M.t('程序库没有载入，请检查网络后重试。', 'A library did not load; check the network and try again.')));
      };
      document.head.appendChild(script);
    });
  }
  return M.loading[name];
};

// Chromium 81 to 83 know `gap` in grids alone.
M.knowsGap = function () {
  var box = M.h('div.hidden', M.h('div'), M.h('div'));
  ['display:flex', 'flex-direction:column', 'row-gap:1px', 'height:auto'].forEach(function (one) { box.style.setProperty(one.split(':')[0], one.split(':')[1]); });
  document.body.appendChild(box);
  var knows = box.scrollHeight === 1;
  document.body.removeChild(box);
  return knows;
};
if (!M.knowsGap()) document.documentElement.classList.add('nogap');

// --- out ---
M.download = function (name, type, bytes) {
  var link = M.h('a.hidden', { href: URL.createObjectURL(new Blob([bytes], { type: type })), download: name, 'aria-hidden': 'true', tabindex: '-1' });
  document.body.appendChild(link);
  link.click();
  document.body.removeChild(link);
  setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
};
// What a table says, as rows of texts and numbers; a column may say more exactly in a file (`file`) than on the screen.
M.sheetRows = function (columns, rows) {
  var kept = [];
  columns.forEach(function (column) { kept = kept.concat(column.file || (column.tool ? [] : [column])); });
  return [kept.map(function (column) { return column.head; })].concat(rows.map(function (row) {
    return kept.map(function (column) {
      var value = column.of(row);
      return value === undefined || value === null ? '' : value;
    });
  }));
};
M.exportCsv = function (name, columns, rows) {
  function cell(value) {
    var text = String(value);
    if (/^[=+\-@\t]/.test(text) && isNaN(Number(text))) text = "'" + text; // a sheet must not take it for a formula
    return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }
  var lines = M.sheetRows(columns, rows).map(function (row) { return row.map(cell).join(','); });
  M.download(name + '.csv', 'text/csv;charset=utf-8', '\ufeff' + lines.join('\r\n') + '\r\n');
};
M.cellWidth = function (value) { // Chinese takes two places
  return String(value).split('\n').reduce(function (most, line) { return Math.max(most, line.replace(/[^\u0000-\u00ff]/g, '  ').length); }, 0);
};
M.sheetOf = function (XLSX, rows, widest) {
  var sheet = XLSX.utils.aoa_to_sheet(rows.map(function (row) {
    return row.map(function (value) { return typeof value === 'number' ? value : value === '' ? null : { t: 's', v: String(value).slice(0, 32767), z: '@' }; });
  }));
  sheet['!cols'] = (rows[0] || []).map(function (head, index) {
    return { wch: Math.min(widest || 48, rows.reduce(function (most, row) { return Math.max(most, M.cellWidth(row[index])); }, 6) + 2) };
  });
  return sheet;
};
M.xlsxType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
// The second sheet says what the first is, as of when.
M.exportXlsx = function (name, caption, columns, rows) {
  return M.library('XLSX').then(function (XLSX) {
    var book = XLSX.utils.book_new(), all = M.sheetRows(columns, rows), sheet = M.sheetOf(XLSX, all);
    if (rows.length) sheet['!autofilter'] = { ref: XLSX.utils.encode_range({ s: { r: 0, c: 0 }, e: { r: rows.length, c: all[0].length - 1 } }) };
    XLSX.utils.book_append_sheet(book, sheet, M.sheetName(caption || name));
    XLSX.utils.book_append_sheet(book, M.sheetOf(XLSX, [[M.t('说明', 'About'), ''], [M.t('表', 'Table'), caption || name], [M.t('计划', 'Plan'), M.plan ? M.plan.title : ''],
      [M.t('数据截至', 'As of'), M.when(M.nowMs)], [M.t('行数', 'Rows'), rows.length], [M.t('导出人', 'Exported by'), M.me ? M.me.login : '']]), M.t('说明', 'About'));
    M.download(name + '.xlsx', M.xlsxType, XLSX.write(book, { type: 'array', bookType: 'xlsx', compression: true }));
  }).catch(function (error) { M.tell(error.message); });
};
M.sheetName = function (text) { // what a sheet's name may be
  var name = text.replace(/[\\/?*[\]:]/g, ' ').trim().slice(0, 31).replace(/^'+|'+$/g, '');
  return name && name !== M.t('说明', 'About') && name.toLowerCase() !== 'history' ? name : 'sheet';
};
M.exportButtons = function (options, columns, rows) {
  return M.h('span.exports', M.h('button.quiet', { type: 'button', onclick: function () { M.exportCsv(options.name, columns, rows); } }, M.t('导出 CSV', 'Export CSV')),
    M.h('button.quiet', { type: 'button', onclick: function () { M.exportXlsx(options.name, options.caption, columns, rows); } }, M.t('导出 Excel', 'Export Excel')));
};

// --- in ---
// Text with a separator into cells, as spreadsheets put it on the clipboard: a cell with a line break in it stands in quotes, its own
// quotes doubled; a quote elsewhere is a quote. Lines end with CRLF, LF or CR.
M.cells = function (text, separator) {
  var rows = [], row = [], at = text.charCodeAt(0) === 0xfeff ? 1 : 0, size = text.length;
  for (;;) {
    var quoted = text[at] === '"' ? M.quotedCell(text, at, separator) : null, end = quoted ? quoted.end : at;
    while (!quoted && end < size && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end++;
    row.push(quoted ? quoted.text : text.slice(at, end));
    at = end + 1;
    if (end < size && text[end] === separator) continue;
    rows.push(row);
    row = [];
    if (text[end] === '\r' && text[at] === '\n') at++;
    if (at >= size) return rows;
  }
};
// null: the quote at `at` does not open a quoted cell, it is only a quote.
M.quotedCell = function (text, at, separator) {
  var out = '';
  for (at++; at < text.length; at++) {
    if (text[at] !== '"') { out += text[at]; continue; }
    if (text[at + 1] === '"') { out += '"'; at++; continue; }
    var behind = text[at + 1];
    return behind === undefined || behind === separator || behind === '\n' || behind === '\r' ? { text: out.replace(/\r\n?/g, '\n'), end: at + 1 } : null;
  }
  return null;
};
// The column that a head names, by the same declarations as a file of reports (bulk_columns.def): {name, unit}, or null.
M.columnOf = function (head) {
  var at = /^([^(（]*)(?:[(（]([^)）]*)[)）]?)?/.exec(head.trim()), fold = function (text) { return text.replace(/[\s\u3000\u00a0_-]/g, '').toLowerCase(); }, name = fold(at[1]);
  var found = !name ? null : (M.plan.columns || []).filter(function (column) {
    return [column.zh, column.en].concat(column.others.split('|')).some(function (one) { return one && fold(one) === name; });
  })[0];
  return found ? { name: found.name, unit: (at[2] || '').trim() } : null;
};
M.dayTyped = function (text) { // what an input of days takes, or nothing
  var plain = text.trim().replace(/[\uff10-\uff19]/g, function (digit) { return String.fromCharCode(digit.charCodeAt(0) - 0xfee0); }).replace(/ 0?0:00(:00)?$/, '');
  var at = /^(\d{4})([-\/.年])(\d{1,2})[-\/.月](\d{1,2})日?$/.exec(plain) || /^(20\d\d)()(\d\d)(\d\d)$/.exec(plain);
  var day = at ? at[1] + '-' + ('0' + at[3]).slice(-2) + '-' + ('0' + at[4]).slice(-2) : '';
  return day && !isNaN(Date.parse(day)) && new Date(Date.parse(day)).toISOString().slice(0, 10) === day ? day : '';
};
M.isBareNumber = function (text) { return /^[\d\uff10-\uff19][\d\uff10-\uff19.,，．]*$/.test(text); };
M.isAmountTyped = function (text) { return /^[¥￥]?[\d\uff10-\uff19][\d\uff10-\uff19.,，．]*\s*(元|万元|亿元|万|亿)?$/.test(text); };
// Rows pasted into a report → {items: [{kind, key, name, fact_day, out_day, typed}], skipped}. With a head, columns are told by it, and
// a bare amount has its head's unit; without one a date is a date, the last that looks like an amount is the amount, the first of
// the others is the number. `unit` is what the page shows for amounts that have none.
M.pastedItems = function (text, person, unit) {
  var rows = M.cells(text, '\t').map(function (row) { return row.map(function (cell) { return cell.trim(); }); }).filter(function (row) { return row.some(function (cell) { return cell; }); });
  var heads = rows.length ? rows[0].map(M.columnOf) : [], items = [], skipped = 0;
  var wanted = person ? ['person'] : ['receipt', 'contract', 'uscc', 'item_amount', 'amount'];
  var named = heads.some(function (head) { return head && wanted.indexOf(head.name) >= 0; });
  function withUnit(amount, own) { return amount && M.isBareNumber(amount) ? amount + (own || unit) : amount; }
  function byHead(row) {
    var item = {};
    row.forEach(function (cell, index) {
      var head = heads[index];
      if (!head || !cell) return;
      if (head.name === 'person') item.name = cell;
      else if (head.name === 'fact_day' || head.name === 'in_day') { item.fact_day = M.dayTyped(cell); item.day = cell; }
      else if (head.name === 'out_day') item.out_day = M.dayTyped(cell);
      else if (head.name === 'item_amount' || (head.name === 'amount' && !item.typed)) item.typed = withUnit(cell, head.unit);
      else if (head.name === 'receipt' || head.name === 'contract' || head.name === 'uscc') { item.key = cell; item.kind = head.name; }
    });
    return item;
  }
  function byLooks(row) {
    var days = row.map(M.dayTyped).filter(function (day) { return day; }), rest = row.filter(function (cell) { return cell && !M.dayTyped(cell); });
    if (person) return { name: rest[0], fact_day: days[0], out_day: days[1] };
    if (rest.length > 2 && /^\d{1,4}$/.test(rest[0])) rest.shift(); // 序号
    for (var at = rest.length - 1; at > 0 && !M.isAmountTyped(rest[at]);) at--;
    return { key: rest[0], fact_day: days[0], typed: at > 0 ? withUnit(rest[at]) : '' };
  }
  rows.slice(named ? 1 : 0).forEach(function (row) {
    var item = named ? byHead(row) : byLooks(row);
    if (person ? item.name && (named || item.fact_day) : named ? item.key || item.typed : item.fact_day || item.typed) items.push(item);
    else skipped++;
  });
  return { items: items, skipped: skipped };
};
