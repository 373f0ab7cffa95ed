// Evidence by its hash: the file stays with the unit, the ledger keeps name, kind and SHA-256. Browsers offer a digest only where
// the page came by TLS or from this machine, so there is one of our own (FIPS 180-4) for the others.
'use strict';
M.evidenceMost = { files: 32, bytes: 64 * 1024 * 1024 };
M.evidenceKinds = { scan: ['盖章扫描件', 'stamped scan'], receipt: ['凭证', 'receipt'], contract: ['合同', 'contract'], photo: ['照片', 'photo'], other: ['其他', 'other'] };
M.hex = function (bytes) { return Array.prototype.map.call(bytes, function (byte) { return (byte + 256).toString(16).slice(1); }).join(''); };
M.sha256Constants = (function () {
  function fraction(value) { return ((value - Math.floor(value)) * 4294967296) | 0; }
  var primes = [], number = 2;
  while (primes.length < 64) {
    if (primes.every(function (prime) { return number % prime; })) primes.push(number);
    number++;
  }
  return { k: primes.map(function (prime) { return fraction(Math.cbrt(prime)); }), h: primes.slice(0, 8).map(function (prime) { return fraction(Math.sqrt(prime)); }) };
})();
M.sha256 = function (bytes) {
  var size = bytes.length, padded = new Uint8Array(((size + 72) >> 6) << 6), view = new DataView(padded.buffer), w = new Int32Array(64), k = M.sha256Constants.k, h = M.sha256Constants.h.slice();
  padded.set(bytes);
  padded[size] = 0x80;
  view.setUint32(padded.length - 8, Math.floor(size / 536870912));
  view.setUint32(padded.length - 4, size * 8 >>> 0);
  function turn(value, by) { return value >>> by | value << 32 - by; }
  for (var at = 0; at < padded.length; at += 64) {
    var s = h.slice(), index;
    for (index = 0; index < 16; index++) w[index] = view.getInt32(at + index * 4);
    for (; index < 64; index++) {
      var a = w[index - 15], b = w[index - 2];
      w[index] = w[index - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >>> 3) + w[index - 7] + (turn(b, 17) ^ turn(b, 19) ^ b >>> 10) | 0;
    }
    for (index = 0; index < 64; index++) {
      var one = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) + (s[4] & s[5] ^ ~s[4] & s[6]) + k[index] + w[index] | 0;
      var two = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) + (s[0] & s[1] ^ s[0] & s[2] ^ s[1] & s[2]) | 0;
      s = [one + two | 0, s[0], s[1], s[2], s[3] + one | 0, s[4], s[5], s[6]];
    }
    h = h.map(function (value, which) { return value + s[which] | 0; });
  }
  return h.map(function (value) { return (value >>> 0).toString(16).padStart(8, '0'); }).join('');
};
M.digest = function (buffer) {
  if (window.crypto && window.crypto.subtle) return window.crypto.subtle.digest('SHA-256', buffer).then(function (hash) { return M.hex(new Uint8Array(hash)); });
  return Promise.resolve(M.sha256(new Uint8Array(buffer)));
};
// The part of the form: `form.evidenceRows` holds {name, sha256, kind}.
M.evidenceBox = function (form) {
  var list = M.h('ul.evidence'), fault = M.h('div.fault'), input = M.h('input', { type: 'file', multiple: true, id: M.id('evidence') });
  form.evidence = { fault: fault, input: input };
  form.evidenceRows = ((form.stands || {}).evidence || []).slice();
  function draw() {
    M.put(list, form.evidenceRows.map(function (row) {
      var kind = M.h('select', { 'aria-label': M.t('种类：', 'kind of ') + row.name, onchange: function () { row.kind = kind.value; form.changed(); } }, Object.keys(M.evidenceKinds).map(function (name) {
        return M.h('option', { value: name }, M.t(M.evidenceKinds[name][0], M.evidenceKinds[name][1])); }));
      kind.value = M.evidenceKinds[row.kind] ? row.kind : 'other';
      return M.h('li', kind, M.h('span.name', row.name), M.h('span.mono', row.sha256.slice(0, 16) + '…'), M.h('button.quiet', { type: 'button', 'aria-label': M.t('删除 ', 'remove ') + row.name, onclick: function () {
        form.evidenceRows.splice(form.evidenceRows.indexOf(row), 1);
        draw();
        form.changed();
      } }, M.t('删除', 'Remove')));
    }));
  }
  function take(file) {
    if (file.size > M.evidenceMost.bytes || form.evidenceRows.length >= M.evidenceMost.files) {
      M.tell(M.t('「' + file.name + '」未加入：单个文件不超过 64 MB，最多 32 个。', file.name + ' was not taken: at most 64 MB each, 32 in all.'));
      return Promise.resolve();
    }
    return new Response(file).arrayBuffer().then(M.digest).then(function (hash) {
      if (form.evidenceRows.some(function (row) { return row.sha256 === hash; })) return;
      form.evidenceRows.push({ name: file.name.slice(0, 60), sha256: hash, kind: /\.(jpe?g|png)$/i.test(file.name) ? 'photo' : 'scan' });
    });
  }
  input.addEventListener('change', function () {
    Promise.all(Array.prototype.map.call(input.files, take)).then(function () { input.value = ''; draw(); form.changed(); });
  });
  draw();
  return M.h('section.card', M.h('h2', M.t('佐证材料', 'Evidence')), M.h('p.hint', M.t('文件不上传，由本单位留存备查；账本只记文件名、种类和 SHA-256，日后可核对是否原件。', 'Files are not uploaded: the unit keeps them. The ledger keeps name, kind and SHA-256, by which the original is told.')),
    M.h('div.field', M.h('label', { 'for': input.id }, M.t('选择文件', 'Choose files')), input), list, fault);
};
