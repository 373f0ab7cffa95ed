// Evidence: looked at, hashed and sent to the vault; the ledger keeps name, kind and SHA-256. Browsers offer a digest only where the
// page came by TLS or from this machine, so there is one of our own (FIPS 180-4) for the others.
'use strict';
M.evidenceMost = { files: 32, bytes: 64 * 1024 * 1024, report: 256 * 1024 * 1024 };
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
M.evidenceWords = { none: ['未查毒', 'not scanned'], clean: ['已查毒', 'scanned'] };

// What the vault would refuse, told before anything is sent. It looks at the content, and closer; this looks at the first bytes.
M.evidenceFault = function (file, head) {
  function begins(bytes) { return bytes.every(function (byte, index) { return head[index] === byte; }); }
  if (file.size > M.evidenceMost.bytes) return M.t('文件过大：单个文件不超过 64 MB。', 'too large: at most 64 MB each.');
  if (!file.size) return M.t('文件是空的。', 'the file is empty.');
  var known = [[0x25, 0x50, 0x44, 0x46], [0xff, 0xd8, 0xff], [0x89, 0x50, 0x4e, 0x47], [0x50, 0x4b, 3, 4], [0xd0, 0xcf, 0x11, 0xe0]].some(begins);
  var text = !begins([0x4d, 0x5a]) && !begins([0x23, 0x21]) && !begins([0x3c]) && Array.prototype.every.call(head, function (byte) { return byte >= 32 || byte === 9 || byte === 10 || byte === 13; });
  return known || text ? null : M.t('不接受这种文件：只收 PDF、JPEG、PNG、Office/WPS 文档和纯文本（按内容辨认）。', 'that kind is not taken: PDF, JPEG, PNG, documents of Office and WPS, plain text; told by content.');
};

// One stretch of the file; what the line breaks is asked for again from where it was left.
M.evidenceStretch = function (file, hash, offset, submission, progress) {
  return new Promise(function (done) {
    var request = new XMLHttpRequest();
    request.open('POST', M.query('/api/v1/evidence', { sha256: hash, offset: offset, submission_id: submission }));
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    if (M.me && M.me.csrf) request.setRequestHeader('X-CSRF-Token', M.me.csrf);
    request.upload.addEventListener('progress', function (event) { progress((offset + event.loaded) / file.size); });
    request.addEventListener('loadend', function () {
      var json = {};
      try { json = JSON.parse(request.responseText); } catch (e) { json = {}; }
      done({ status: request.status, ok: request.status === 200 || request.status === 202, json: json });
    });
    request.send(file.slice(offset));
  });
};
M.evidenceSend = function (file, hash, submission, progress) {
  var breaks = 0;
  function pause(ms) { return new Promise(function (done) { setTimeout(done, ms); }); }
  function again(answer) { // the line broke, the vault is busy, or it has another part than we thought
    var passing = answer.status === 0 || answer.status === 503 || answer.status === 409;
    return passing && breaks++ < 8 ? pause(500 * breaks).then(ask) : answer;
  }
  function told(answer) {
    if (!answer.ok) return again(answer);
    if (answer.json.kept) return answer;
    if (answer.json.offset === file.size) return pause(500).then(ask); // a scanner looks at it
    return M.evidenceStretch(file, hash, answer.json.offset || 0, submission, progress).then(function (sent) {
      if (sent.ok) breaks = 0;
      return sent.ok && !sent.json.kept ? pause(500).then(ask) : sent.ok ? sent : again(sent);
    });
  }
  function ask() { return M.request('POST', '/api/v1/evidence/offer', { sha256: hash, size: file.size, submission_id: submission }).then(told); }
  return ask();
};

M.evidenceStood = function (report) { return ((report || {}).evidence || []).map(function (row) { return { name: row.name, sha256: row.sha256, kind: row.kind, state: 'named' }; }); };
// The part of the form: `form.evidenceRows` holds {name, sha256, kind} and how far each is.
M.evidenceBox = function (form) {
  var list = M.h('ul.evidence'), fault = M.h('div.fault'), input = M.h('input', { type: 'file', multiple: true, id: M.id('evidence') });
  form.evidence = { fault: fault, input: input };
  function remove(row) {
    form.evidenceRows.splice(form.evidenceRows.indexOf(row), 1);
    form.figures.forEach(function (figure) { figure.rows.forEach(function (item) { if (item.evidence === row.sha256) item.linkEvidence(''); }); });
    form.drawEvidence();
    form.changed();
  }
  form.drawEvidence = function () {
    M.put(list, form.evidenceRows.map(function (row) {
      var kind = M.h('select', { 'aria-label': M.t('种类：', 'kind of ') + row.name, onchange: function () { row.kind = kind.value; form.changed(); } }, Object.keys(M.evidenceKinds).map(function (name) {
        return M.h('option', { value: name }, M.t(M.evidenceKinds[name][0], M.evidenceKinds[name][1])); }));
      kind.value = M.evidenceKinds[row.kind] ? row.kind : 'other';
      row.bar = M.h('progress', { max: 100, value: Math.floor(100 * (row.part || 0)), 'aria-label': M.t('上传 ', 'sending ') + row.name });
      var words = M.evidenceWords[row.scan || 'none'];
      return M.h('li', kind, M.h('span.name', row.name), row.sha256 ? M.h('span.mono', row.sha256.slice(0, 16) + '…') : '',
        row.state === 'sending' ? row.bar : row.state === 'kept' ? M.lamp('green', M.t('已存入保密库，' + words[0], 'in the vault, ' + words[1])) : row.state === 'fault' ? M.lamp('red', row.fault) : '',
        M.h('button.quiet', { type: 'button', 'aria-label': M.t('删除 ', 'remove ') + row.name, onclick: function () { remove(row); } }, M.t('删除', 'Remove')));
    }));
  };
  function failed(row, why) { row.state = 'fault'; row.fault = why; }
  function send(file, row) {
    return new Response(file).arrayBuffer().then(M.digest).then(function (hash) {
      var same = form.evidenceRows.filter(function (one) { return one !== row && one.sha256 === hash && one.state !== 'fault'; })[0];
      if (same && same.state !== 'named') { form.evidenceRows.splice(form.evidenceRows.indexOf(row), 1); return same; }
      if (same) form.evidenceRows.splice(form.evidenceRows.indexOf(same), 1); // named before, and only now sent
      row.sha256 = hash;
      form.drawEvidence();
      form.changed();
      return M.evidenceSend(file, hash, form.id, function (part) { row.part = part; if (row.bar) row.bar.value = Math.floor(100 * part); }).then(function (answer) {
        if (answer.ok) { row.state = 'kept'; row.scan = answer.json.scan; } else failed(row, (answer.json.errors || []).map(M.say).join(' ') || M.t('没有传完，请再试。', 'not sent; try again.'));
        return answer.ok ? row : null;
      });
    });
  }
  // Takes a file in and sends it. The promise gives its row, or null.
  form.takeEvidence = function (file) {
    var sum = form.evidenceRows.reduce(function (all, row) { return all + (row.state === 'fault' ? 0 : row.size || 0); }, file.size);
    if (form.evidenceRows.length >= M.evidenceMost.files || sum > M.evidenceMost.report) {
      M.tell(M.t('「' + file.name + '」未加入：一份报告最多 32 个文件，合计不超过 256 MB。', file.name + ' was not taken: at most 32 files and 256 MB in one report.'));
      return Promise.resolve(null);
    }
    var row = { name: file.name.slice(0, 60), size: file.size, kind: /\.(jpe?g|png)$/i.test(file.name) ? 'photo' : 'scan', state: 'sending', part: 0 };
    form.evidenceRows.push(row);
    form.drawEvidence();
    return new Response(file.slice(0, 4096)).arrayBuffer().then(function (head) {
      var why = M.evidenceFault(file, new Uint8Array(head));
      if (!why) return send(file, row);
      failed(row, why);
      return null;
    }).then(function (kept) { form.drawEvidence(); form.changed(); return kept; });
  };
  function takeAll(files) { Array.prototype.forEach.call(files, form.takeEvidence); }
  input.addEventListener('change', function () { takeAll(Array.prototype.slice.call(input.files)); input.value = ''; });
  form.drawEvidence();
  return M.h('section.card.drop', { ondragover: function (event) { event.preventDefault(); }, ondrop: function (event) { event.preventDefault(); takeAll(Array.prototype.slice.call(event.dataTransfer.files)); } },
    M.h('h2', M.t('佐证材料', 'Evidence')), M.h('p.hint', M.t('选择或拖入文件，存入保密库（加密）；账本只记文件名、种类和 SHA-256。只收 PDF、图片、Office/WPS 文档和纯文本，单个不超过 64 MB。不得涉密。', 'Choose or drop files; they go into the vault, sealed. The ledger keeps name, kind and SHA-256. PDF, pictures, documents of Office and WPS, plain text; at most 64 MB each; nothing classified.')),
    M.h('div.field', M.h('label', { 'for': input.id }, M.t('选择文件', 'Choose files')), input), list, fault);
};
// Those that go into the report; null: one is still on its way.
M.evidenceNamed = function (form) {
  return form.evidenceRows.filter(function (row) { return row.sha256 && row.state !== 'fault'; }).map(function (row) { return { name: row.name, sha256: row.sha256, kind: row.kind }; });
};
M.evidenceWaits = function (form) { return form.evidenceRows.some(function (row) { return row.state === 'sending'; }); };
// Beside an item: the file that proves this very row.
M.evidenceOf = function (form, item, row) {
  var input = M.h('input', { type: 'file', hidden: true }), button = M.h('button.quiet', { type: 'button', onclick: function () { if (row.evidence) { row.linkEvidence(''); form.changed(); } else input.click(); } });
  row.linkEvidence = function (hash) {
    var named = form.evidenceRows.filter(function (one) { return one.sha256 === hash; })[0];
    row.evidence = hash;
    button.textContent = hash ? '✓ ' + (named ? named.name : hash.slice(0, 8)) + M.t('（取消）', ' (undo)') : M.t('佐证', 'Evidence');
  };
  input.addEventListener('change', function () {
    var file = input.files[0];
    input.value = '';
    if (file) form.takeEvidence(file).then(function (kept) { if (kept) { row.linkEvidence(kept.sha256); form.changed(); } });
  });
  row.linkEvidence(item.evidence || '');
  return M.h('span', button, input);
};
// A file that a report names, to be looked at: fetched first, so that a missing one is told in words.
M.evidenceLink = function (name, hash) {
  var href = M.query('/api/v1/evidence/' + hash, { name: name });
  return M.h('a', { href: href, download: '', onclick: function (event) {
    event.preventDefault();
    fetch(href, { credentials: 'same-origin', cache: 'no-store' }).then(function (response) {
      if (!response.ok) return response.json().then(function (json) { M.tell((json.errors || []).map(M.say).join(' ')); });
      var said = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get('Content-Disposition') || '');
      return response.blob().then(function (blob) {
        var link = M.h('a', { href: URL.createObjectURL(blob), download: said ? decodeURIComponent(said[1]) : hash.slice(0, 16) });
        document.body.appendChild(link);
        link.click();
        document.body.removeChild(link);
        setTimeout(function () { URL.revokeObjectURL(link.href); }, 60000);
      });
    }).catch(function () { M.tell(M.t('没有取到文件，请再试。', 'The file could not be fetched; try again.')); });
  } }, name || hash.slice(0, 16) + '…');
};
