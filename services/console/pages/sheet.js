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
