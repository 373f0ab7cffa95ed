// Evidence files, in a real browser and by hand: sent, refused, taken up again, read by whom they concern and by nobody else.
'use strict';
const assert = require('assert');
const crypto = require('crypto');
const net = require('net');
const { minning, json, step, end, person, until, visit, base, port, raw, statusOf, call, broken } = require('./kit');

const PASSWORD = '闽宁协作 2021 口令';
[['chengmen.clerk', 'clerk', '城门镇'], ['gaishan.clerk', 'clerk', '盖山镇'], ['office', 'coordinator'], ['audit', 'auditor'], ['ops', 'operator']].forEach((one) => person(PASSWORD, ...one));
const token = json('token', 'new', '城门镇')[0].token;
const other = json('token', 'new', '盖山镇')[0].token;
const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');
const pdf = (size) => Buffer.concat([Buffer.from('%PDF-1.4\n'), crypto.randomBytes(size), Buffer.from('\n%%EOF\n')]);
const send = (bytes, { bearer = token, hash = sha256(bytes), query = '' } = {}) => fetch(`${base.replace(/\/$/, '')}/api/v1/evidence?sha256=${hash}${query}`,
  { method: 'POST', headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/octet-stream' }, body: bytes }).then(async (answer) => ({ status: answer.status, json: await answer.json() }));
const get = (hash, bearer, query = '') => fetch(`${base.replace(/\/$/, '')}/api/v1/evidence/${hash}${query}`, { headers: bearer ? { Authorization: `Bearer ${bearer}` } : {} });

(async () => {
  const { page, errors, close, shot, accessible, go, login, saved } = await visit(PASSWORD);
  await page.setContent('<h1>拨付凭证</h1><p>2021年8月，10万元</p>');
  const real = await page.pdf({ format: 'A4' });

  await step('a real PDF is sent while the form is open; the report names it, the vault has it, byte for byte', async () => {
    await login('chengmen.clerk');
    await go('report/donation/2021-08', 'input.amount');
    await page.locator('input.amount').first().fill('3万元');
    await page.getByLabel('选择文件').setInputFiles({ name: '拨付凭证.pdf', mimeType: 'application/pdf', buffer: real });
    await page.getByText('已存入保密库，未查毒').waitFor();
    await page.getByText('可以提交').waitFor();
    await accessible('evidence');
    await shot('30-evidence');
    await page.getByRole('button', { name: '提交', exact: true }).click();
    await page.getByText('已收到，校验通过').waitFor();
    assert.strictEqual(json('tail', 'entries', '--kind', 'report_received').pop().body.report.evidence[0].sha256, sha256(real));
    assert.deepStrictEqual(Buffer.from(await (await get(sha256(real), token)).arrayBuffer()), real);
    assert.strictEqual(json('evidence', 'list')[0].type, 'pdf');
  });
  await step('a program called .pdf is told before it is sent, and refused when it is sent all the same', async () => {
    const program = Buffer.concat([Buffer.from('MZ\x90\0'), crypto.randomBytes(5000)]);
    await go('report/donation/2021-08', 'input.amount');
    await page.getByLabel('选择文件').setInputFiles({ name: '回单.pdf', mimeType: 'application/pdf', buffer: program });
    await page.locator('.evidence li', { hasText: '回单.pdf' }).getByText('不接受这种文件').waitFor();
    await accessible('refused evidence');
    await shot('31-refused');
    const answer = await send(program);
    assert.strictEqual(answer.status, 415);
    assert.strictEqual(answer.json.errors[0].code, 'evidence_type');
    assert.strictEqual((await get(sha256(program), token)).status, 404);
  });
  await step('an archive that calls itself a document passes the first look, not the vault’s', async () => {
    const archive = Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(26), Buffer.from('setup.exe')]);
    await page.getByLabel('选择文件').setInputFiles({ name: '说明.docx', mimeType: 'application/zip', buffer: archive });
    await page.locator('.evidence li', { hasText: '说明.docx' }).getByText('文档结构有误').waitFor();
    await page.getByRole('button', { name: '删除 说明.docx' }).click();
    await page.getByRole('button', { name: '删除 回单.pdf' }).click();
    assert.strictEqual(await page.locator('.evidence li').count(), 1);
  });
  await step('what is too large is told before it is sent; its head is refused, and no byte of its body read', async () => {
    await page.evaluate(() => {
      const parts = new DataTransfer();
      parts.items.add(new File([new Uint8Array(64 * 1024 * 1024 + 1)], '录像.pdf'));
      document.querySelector('section.drop').dispatchEvent(new DragEvent('drop', { dataTransfer: parts, bubbles: true, cancelable: true }));
    });
    await page.locator('.evidence li', { hasText: '录像.pdf' }).getByText('不超过 64 MB').waitFor();
    const head = (length, path = '/api/v1/evidence?sha256=' + 'ab'.repeat(32)) => `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${length}\r\n\r\n`;
    assert.strictEqual(statusOf(await raw(head(64 * 1024 * 1024 + 1))), 413);
    assert.strictEqual(statusOf(await raw(head(1024 * 1024, '/api/v1/reports'))), 413, 'the larger limit is that of files alone');
    assert.strictEqual(statusOf(await raw(head(1024 * 1024, '/api/v1/evidence/offer'))), 413);
  });
  await step('nobody sends without a session, with a forged page, or for a role that does not report', async () => {
    const bytes = pdf(1000);
    const answers = [await send(bytes, { bearer: 'nonsense' }), await raw(`POST /api/v1/evidence?sha256=${sha256(bytes)} HTTP/1.1\r\nHost: x\r\nContent-Length: 67108864\r\n\r\n`)];
    assert.strictEqual(answers[0].status, 401);
    assert.strictEqual(statusOf(answers[1]), 401, 'refused with the head alone');
    const forged = await page.evaluate((hash) => fetch('/api/v1/evidence?sha256=' + hash, { method: 'POST', body: 'x' }).then((answer) => answer.status), sha256(bytes));
    assert.strictEqual(forged, 403);
    await login('audit');
    const audit = await page.evaluate((hash) => fetch('/api/v1/evidence?sha256=' + hash, { method: 'POST', body: 'x', headers: { 'X-CSRF-Token': M.me.csrf } }).then((answer) => answer.status), sha256(bytes));
    assert.strictEqual(audit, 403);
  });
  await step('bytes without the announced hash are refused and kept nowhere', async () => {
    const answer = await send(pdf(200000), { hash: 'cd'.repeat(32) });
    assert.strictEqual(answer.status, 422);
    assert.strictEqual(answer.json.errors[0].code, 'evidence_hash');
    assert.strictEqual((await get('cd'.repeat(32), token)).status, 404);
    for (const wrong of ['', 'zz', '../../etc/passwd', 'ab'.repeat(31)]) assert.strictEqual((await send(Buffer.from('x'), { hash: encodeURIComponent(wrong) })).status, 422);
    for (const wrong of ['..%2f..%2fetc', 'zz', `${'ab'.repeat(32)}x`]) assert.strictEqual((await get(wrong, token)).status, 422);
  });
  await step('a line that breaks costs what was under way; the rest goes on from where it was left', async () => {
    const bytes = pdf(1200000), hash = sha256(bytes), piece = 128 * 1024;
    await new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => {
        socket.write(`POST /api/v1/evidence?sha256=${hash} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${bytes.length}\r\n\r\n`);
        socket.write(bytes.subarray(0, 5 * piece + 77), () => setTimeout(() => { socket.destroy(); resolve(); }, 300));
      });
    });
    const offer = () => call('POST', '/api/v1/evidence/offer', { token, body: { sha256: hash, size: bytes.length } });
    await until('the pieces that came', async () => (await offer()).json.offset === 5 * piece);
    assert.strictEqual((await send(bytes)).status, 409, 'from the beginning is not where it goes on');
    const rest = await send(bytes.subarray(5 * piece), { hash, query: `&offset=${5 * piece}` });
    assert.strictEqual(rest.status, 200);
    assert.strictEqual(rest.json.kept, true);
    assert.strictEqual((await offer()).json.kept, true);
    assert.deepStrictEqual(Buffer.from(await (await get(hash, token)).arrayBuffer()), bytes);
  });
  await step('a file beside a row proves that row', async () => {
    await login('chengmen.clerk');
    await go('report/donation/2021-08', 'input.amount');
    await page.getByText('明细（逐笔）').first().click();
    await page.getByRole('button', { name: '加一行' }).first().click();
    await page.getByLabel('编号').first().fill('BK-2103');
    await page.getByLabel('日期', { exact: true }).first().fill('2021-08-10');
    await page.getByLabel('金额', { exact: true }).first().fill('3万元');
    const chosen = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: '佐证', exact: true }).first().click();
    const row = pdf(3000);
    await (await chosen).setFiles({ name: '银行回单.pdf', mimeType: 'application/pdf', buffer: row });
    await page.getByRole('button', { name: '✓ 银行回单.pdf（取消）' }).waitFor();
    await page.getByText('可以提交').waitFor();
    await accessible('evidence of a row');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'the page is no wider than its window');
    await shot('32-row');
    await page.getByRole('button', { name: '提交更正' }).click();
    await page.getByText('已收到，校验通过').waitFor();
    const report = json('tail', 'entries', '--kind', 'report_received').pop().body.report;
    assert.strictEqual(report.figures[0].items[0].evidence, sha256(row));
    assert.deepStrictEqual(report.evidence.map((one) => one.sha256), [sha256(real), sha256(row)], 'what the report named before, it names still');
  });
  await step('the coordinator finds it from the figure and gets the very bytes, under a name that is what it is', async () => {
    await login('office');
    await go('figure/raised', 'table');
    await page.getByRole('link', { name: /个$/ }).first().click();
    await page.getByRole('link', { name: '拨付凭证.pdf' }).waitFor();
    await accessible('entry with evidence');
    await shot('33-entry');
    const file = await saved(() => page.getByRole('link', { name: '拨付凭证.pdf' }).click());
    assert.deepStrictEqual(file.bytes, real);
    assert.strictEqual(file.name, '拨付凭证.pdf');
    const answer = await get(sha256(real), token, '?name=' + encodeURIComponent('x"\r\n凭证.html'));
    assert.match(answer.headers.get('content-disposition'), /^attachment; filename="[0-9a-f]{16}\.pdf"; filename\*=UTF-8''[%0-9A-F]+\.pdf$/);
    assert.strictEqual(answer.headers.get('content-type'), 'application/pdf');
    assert.strictEqual(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.match(answer.headers.get('content-security-policy'), /^sandbox;/);
    assert.strictEqual(answer.headers.get('x-evidence-scan'), 'none');
  });
  await step('another unit, the operator and whoever is not logged in do not get it; the auditor does', async () => {
    const hash = sha256(real), mine = (name) => login(name).then(() => page.evaluate((one) => fetch('/api/v1/evidence/' + one).then((answer) => answer.status), hash));
    const theirs = await get(hash, other);
    assert.strictEqual(theirs.status, 404);
    assert.strictEqual((await theirs.json()).errors[0].code, 'evidence_missing');
    assert.strictEqual((await get('ef'.repeat(32), other)).status, 404, 'like one that does not exist');
    assert.strictEqual((await get(hash)).status, 401);
    assert.strictEqual(await mine('gaishan.clerk'), 404);
    assert.strictEqual(await mine('ops'), 403);
    assert.strictEqual(await mine('audit'), 200);
    const offered = await call('POST', '/api/v1/evidence/offer', { token: other, body: { sha256: hash, size: real.length } });
    assert.strictEqual(offered.json.kept, false, 'who knows a hash has not the file');
  });
  await step('a file that was erased is gone for everybody, and says so; the ledger’s hash stays', async () => {
    minning('evidence', 'erase', sha256(real));
    assert.strictEqual((await get(sha256(real), token)).status, 410);
    await login('office');
    await go('figure/raised', 'table');
    await page.getByRole('link', { name: /个$/ }).first().click();
    await page.getByRole('link', { name: '拨付凭证.pdf' }).click();
    await page.getByText('该文件已依规定删除').waitFor();
    assert.ok((await page.locator('main').innerText()).includes(sha256(real)));
    assert.match(minning('evidence', 'check'), /1 个已依规定删除/);
  });
  await step('sixty-four megabytes pass through, and the console stays small', async () => {
    const bytes = pdf(64 * 1024 * 1024 - 64), before = Date.now();
    const answer = await send(bytes);
    assert.strictEqual(answer.status, 200, JSON.stringify(answer.json));
    const back = Buffer.from(await (await get(sha256(bytes), token)).arrayBuffer());
    assert.ok(back.equals(bytes));
    assert.ok(Date.now() - before < 60000, `${Date.now() - before} ms`);
    console.log(`   64 MiB there and back in ${((Date.now() - before) / 1000).toFixed(1)} s`);
  });
  await step('answers keep what /openapi.json promises', async () => {
    const document = (await call('GET', '/openapi.json')).json, bytes = pdf(2000);
    const promised = (path) => document.paths[path].post.responses['200'].content['application/json'].schema;
    const offered = await call('POST', '/api/v1/evidence/offer', { token, body: { sha256: sha256(bytes), size: bytes.length } });
    assert.strictEqual(broken(document, promised('/api/v1/evidence/offer'), offered.json), null);
    assert.strictEqual(broken(document, promised('/api/v1/evidence'), (await send(bytes)).json), null);
    assert.ok(document.paths['/api/v1/evidence/{sha256}'].get.responses['200'].content['application/octet-stream']);
  });
  await step('no page threw', async () => assert.deepStrictEqual(errors, []));
  await close();
  end();
})().catch((error) => { console.error(error); process.exitCode = 1; });
