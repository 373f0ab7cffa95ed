// Documents in a real browser: previewed, announced, objected to, answered, published, corrected; and the same bytes as the command line's.
'use strict';
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { web, minning, json, step, end, person, until, visit, call, broken } = require('./kit');

const PASSWORD = '闽宁协作 2021 口令';
[['csh.clerk', 'clerk', '区慈善总会'], ['chengmen.clerk', 'clerk', '城门镇'], ['office', 'coordinator'], ['duban', 'supervisor'], ['audit', 'auditor']].forEach((one) => person(PASSWORD, ...one));
const token = json('token', 'new', '区慈善总会')[0].token;
const report = async (number, replaces, raised) => {
  const answer = await call('POST', '/api/v1/reports', { token, body: { submission_id: `018f0000-0000-7000-8000-00000000000${number}`, task: 'donation', period: '2021-08', replaces, progress: '募集', explanations: [{ code: 'no_evidence', text: '后补' }],
    figures: [{ indicator: 'raised', amount: raised, opening: '180万元' }, { indicator: 'transferred', items: [{ key_kind: 'receipt', key: 'BK-1', fact_day: '2021-08-10', amount: '60万元' }] }] } });
  assert.strictEqual(answer.status, 200, answer.text);
};
const file = (...words) => {
  const at = path.join(web, 'paper.bin');
  minning(...words, '-o', at);
  return fs.readFileSync(at);
};

(async () => {
  const { page, context, errors, close, shot, accessible, go, login, saved } = await visit(PASSWORD);
  const fetched = (where) => page.evaluate(async (at) => {
    const response = await fetch(at), bytes = new Uint8Array(await response.arrayBuffer());
    let text = '';
    bytes.forEach((byte) => { text += String.fromCharCode(byte); });
    return { status: response.status, text, type: response.headers.get('Content-Type'), edition: response.headers.get('X-Edition'), policy: response.headers.get('Content-Security-Policy') };
  }, where);
  const same = (mine, theirs, what) => assert.ok(Buffer.from(mine.text, 'latin1').equals(theirs), `${what}: ${mine.status} ${mine.text.length} bytes, the command line has ${theirs.length}`);
  await report(1, 0, '6万元');
  minning('clock', 'advance', '2021-08-28T10:00');

  await step('the coordinator finds a bulletin for every period that has begun, and looks at a draft as it will be laid out', async () => {
    await login('office');
    await page.getByRole('link', { name: '通报文件' }).click();
    await page.getByRole('heading', { name: '通报与总结' }).waitFor();
    assert.strictEqual(await page.locator('tbody tr').count(), 2);
    await accessible('documents');
    await shot('30-documents');
    await page.getByRole('link', { name: '通报 2021年8月' }).click();
    await page.locator('article.paper').waitFor();
    await page.getByText('征求意见稿，尚未印发').waitFor();
    await page.getByText(/关于《2021年仓山区闽宁协作工作要点》\s*2021年8月份落实情况的通报/).first().waitFor();
    await accessible('draft');
    await shot('31-draft');
  });
  await step('every form of a draft has the bytes of the command line, as of the same entry', async () => {
    const at = '/api/v1/documents/bulletin/2021-08?edition=preview&form=';
    same(await fetched(`${at}html`), file('bulletin', '2021-08', '--html'), 'HTML');
    same(await fetched(`${at}docx`), file('bulletin', '2021-08', '--docx'), 'DOCX');
    same(await fetched(`${at}text`), file('bulletin', '2021-08'), 'text');
    same(await fetched(`${at}json`), file('bulletin', '2021-08', '--json'), 'JSON');
    same(await fetched('/api/v1/ledger?form=xlsx'), file('ledger', '--xlsx'), 'ledger XLSX');
    same(await fetched('/api/v1/ledger?form=csv&period=2021-08'), file('ledger', '--csv', '--period', '2021-08'), 'ledger CSV');
    same(await fetched('/api/v1/ledger?form=gb18030'), file('ledger', '--csv', '--gb18030'), 'ledger in GB18030');
    same(await fetched('/api/v1/calendar.ics'), file('calendar'), 'calendar');
    same(await fetched('/api/v1/documents/summary?form=docx'), file('summary', '--docx'), 'summary');
    const scores = JSON.parse(Buffer.from((await fetched('/api/v1/score')).text, 'latin1').toString('utf8')).rows;
    assert.deepStrictEqual(scores, json('score'));
  });
  await step('the paper for print is alone with its own style: no script, nothing loaded', async () => {
    const paper = await fetched('/api/v1/documents/bulletin/2021-08?form=html');
    assert.match(paper.policy, /^default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'/);
    const [popup] = await Promise.all([page.waitForEvent('popup'), page.getByRole('link', { name: /打印稿/ }).click()]);
    await popup.getByRole('heading', { level: 1 }).waitFor();
    assert.strictEqual(await popup.evaluate(() => getComputedStyle(document.querySelector('.page')).fontSize), '21.3333px', '3号 is 16 pt');
    await popup.screenshot({ path: path.join(web, 'shots', '32-for-print.png') });
    await popup.close();
  });
  await step('announcing puts what was looked at into the ledger, by the officer’s session; the end of its window is shown', async () => {
    const looked = await fetched('/api/v1/documents/bulletin/2021-08?form=json');
    page.once('dialog', (dialog) => dialog.accept());
    await page.getByRole('button', { name: '公示征求意见' }).click();
    await page.getByText('公示中').waitFor();
    await page.getByText('至 2021-08-31 24:00').first().waitFor();
    const entry = json('tail', 'entries', '--kind', 'document_announced').pop();
    assert.strictEqual(entry.body.actor.officer, 'office');
    assert.strictEqual(entry.body.actor.credential, 'session');
    assert.strictEqual(entry.body.hash, looked.edition);
    await accessible('announced');
  });
  await step('what the ledger has left behind is not announced: it has to be looked at again', async () => {
    const answer = await page.evaluate(async () => {
      const me = await (await fetch('/api/v1/me')).json();
      const response = await fetch('/api/v1/documents', { method: 'POST', headers: { 'X-CSRF-Token': me.csrf }, body: JSON.stringify({ action: 'announce', kind: 'bulletin', period: '2021-08', hash: 'ab'.repeat(32) }) });
      return { status: response.status, json: await response.json() };
    });
    assert.strictEqual(answer.status, 409);
    assert.strictEqual(answer.json.errors[0].code, 'edition_gone');
  });
  await step('a clerk sees the announced draft with what it says of his unit, and no draft before it', async () => {
    await login('csh.clerk');
    await go('documents', 'table');
    assert.strictEqual(await page.locator('tbody tr').count(), 1);
    await page.getByRole('link', { name: '通报 2021年8月' }).click();
    await page.getByRole('heading', { name: '涉及本单位的内容' }).waitFor();
    await page.locator('tr', { hasText: '募集资金' }).first().getByText('6.00 万元').first().waitFor();
    assert.strictEqual((await fetched('/api/v1/documents/bulletin/2021-08?edition=preview')).status, 403);
    assert.strictEqual((await fetched('/api/v1/documents/bulletin/2021-08?edition=issue&form=docx')).status, 403);
    assert.strictEqual((await fetched('/api/v1/documents/bulletin/2021-09?edition=announced')).status, 404);
    assert.strictEqual((await fetched('/api/v1/ledger')).status, 403);
  });
  await step('he objects with a reason; a mobile number in it never reaches the ledger', async () => {
    await page.getByLabel('针对').selectOption('raised');
    await page.getByLabel('理由').fill('请致电13805910000');
    await page.getByRole('button', { name: '提交异议' }).click();
    await page.getByRole('alert').getByText('手机号码').waitFor();
    await page.getByLabel('理由').fill('本期募集应为5万元，原报多计1万元');
    await context.clearCookies(); // the session ends: what he typed is there when he is back
    await page.getByRole('button', { name: '提交异议' }).click();
    await page.getByLabel('登录名').fill('csh.clerk');
    await page.getByLabel('口令或一次性登录码').fill(PASSWORD);
    await page.getByLabel('口令或一次性登录码').press('Enter');
    await page.getByText('此前填写的内容还在').waitFor();
    assert.strictEqual(await page.getByLabel('针对').inputValue(), 'raised');
    assert.strictEqual(await page.getByLabel('理由').inputValue(), '本期募集应为5万元，原报多计1万元');
    await accessible('objecting');
    await shot('33-objection');
    await page.getByRole('button', { name: '提交异议' }).click();
    await page.locator('article.objection').getByText('原报多计1万元').waitFor();
    const entries = json('tail', 'entries', '--kind', 'objection_raised');
    assert.strictEqual(entries.length, 1);
    assert.strictEqual(entries[0].body.actor.officer, 'csh.clerk');
    assert.strictEqual(entries[0].body.indicator, 'raised');
    await report(2, 1, '5万元');
  });
  await step('another unit’s clerk does not see it, and cannot answer it', async () => {
    await login('chengmen.clerk');
    await go('document/bulletin/2021-08', 'article.paper');
    assert.strictEqual(await page.locator('article.objection').count(), 0);
    const status = await page.evaluate(async () => {
      const me = await (await fetch('/api/v1/me')).json();
      return (await fetch('/api/v1/objections/answer', { method: 'POST', headers: { 'X-CSRF-Token': me.csrf }, body: JSON.stringify({ objection_seq: 1, ruling: 'upheld', why: '是' }) })).status;
    });
    assert.strictEqual(status, 403);
  });
  await step('with an objection unanswered it does not go out; the coordinator answers, by keyboard alone', async () => {
    minning('clock', 'advance', '2021-09-01T09:00');
    await login('office');
    await go('documents', 'table');
    await page.getByText('有异议待答复').waitFor();
    await go('document/bulletin/2021-08/issue', 'article.paper');
    assert.strictEqual(await page.getByRole('button', { name: '印发' }).isDisabled(), true);
    await page.getByText('还有 1 条异议待答复').waitFor();
    await page.getByLabel('答复').focus();
    await page.keyboard.type('已核实并更正为5万元');
    await page.keyboard.press('Tab');
    assert.strictEqual(await page.evaluate(() => document.activeElement.textContent), '采纳');
    await page.keyboard.press('Enter');
    await page.locator('article.objection').getByText('采纳').first().waitFor();
    await until('the page to allow it', async () => !(await page.getByRole('button', { name: '印发' }).isDisabled()));
    await accessible('to be published');
    await shot('34-to-be-published');
  });
  await step('published: frozen, numbered, the correction in it; for ever the same bytes, here and from the command line', async () => {
    page.once('dialog', (dialog) => dialog.accept());
    await page.getByRole('button', { name: '印发' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('已印发').first().waitFor();
    await page.locator('article.paper').getByText('公示期间收到异议1件，采纳1件、不采纳0件。').waitFor();
    await page.getByRole('heading', { name: /仓农协作通报〔2021〕1号/ }).waitFor();
    const entry = json('tail', 'entries', '--kind', 'document_published').pop();
    assert.strictEqual(entry.body.actor.officer, 'office');
    assert.strictEqual(entry.body.number, 1);
    await shot('35-published');
    await report(3, 2, '4万元');
    const at = '/api/v1/documents/bulletin/2021-08?edition=published&form=';
    same(await fetched(`${at}html`), file('bulletin', '2021-08', '--published', '--html'), 'HTML');
    same(await fetched(`${at}docx`), file('bulletin', '2021-08', '--published', '--docx'), 'DOCX');
    same(await fetched(`${at}json`), file('bulletin', '2021-08', '--published', '--json'), 'JSON');
    const download = await saved(() => page.getByRole('link', { name: '下载 DOCX' }).click());
    assert.strictEqual(download.name, '通报-2021-08-第1号.docx');
    assert.ok(download.bytes.equals(file('bulletin', '2021-08', '--published', '--docx')));
  });
  await step('a later correction changes nothing in it and is told beside it, and in the next issue', async () => {
    minning('clock', 'advance', '2021-09-02T09:00');
    await go('documents', 'table');
    await page.getByText('1 项已变动').waitFor();
    await go('document/bulletin/2021-08', 'article.paper');
    await page.getByText('印发以来有 1 项数据变动').waitFor();
    await page.locator('tr', { hasText: '区慈善总会' }).filter({ hasText: '5.00 万元' }).filter({ hasText: '4.00 万元' }).first().waitFor();
    await accessible('errata');
    await shot('36-errata');
    await go('document/bulletin/2021-09', 'article.paper');
    await page.getByText('与上期（第 1 号）相比').click();
    await page.locator('details tr', { hasText: '区慈善总会' }).getByText('4.00 万元').waitFor();
    await accessible('differences');
    await shot('37-differences');
  });
  await step('the ledger and the scores are tables with their files; a line of a score can be computed again', async () => {
    await go('ledger', 'table');
    assert.ok((await page.locator('tbody tr').count()) >= 10);
    await accessible('ledger');
    await shot('38-ledger');
    const sheet = await saved(() => page.getByRole('link', { name: '下载 XLSX' }).click());
    assert.strictEqual(sheet.name, '台账.xlsx');
    await go('score', 'table');
    await accessible('score');
    await shot('39-score');
    await page.getByRole('link', { name: '区慈善总会' }).click();
    await page.getByRole('heading', { name: /区慈善总会.*考核计分/ }).waitFor();
    await shot('40-score-lines');
    await login('csh.clerk');
    await go('score', 'table');
    await page.getByRole('heading', { name: /区慈善总会/ }).waitFor();
    const rows = JSON.parse(Buffer.from((await fetched('/api/v1/score?unit=nyncj')).text, 'latin1').toString('utf8')).rows;
    assert.deepStrictEqual(rows.map((row) => row.unit), ['csh']);
  });
  await step('every answer about documents keeps the description of the edge', async () => {
    await login('audit');
    const read = async (where) => JSON.parse(Buffer.from((await fetched(where)).text, 'latin1').toString('utf8'));
    const document = await read('/openapi.json');
    const schema = (where) => document.paths[where].get.responses['200'].content['application/json'].schema;
    const asked = { '/api/v1/documents': '/api/v1/documents', '/api/v1/ledger': '/api/v1/ledger', '/api/v1/score': '/api/v1/score', '/api/v1/objections': '/api/v1/objections?period=2021-08' };
    for (const [where, at] of Object.entries(asked)) assert.strictEqual(broken(document, schema(where), await read(at)), null, where);
    assert.strictEqual(broken(document, document.components.schemas.edition, await read('/api/v1/documents/bulletin/2021-08?edition=published&form=json')), null);
    assert.strictEqual(broken(document, document.components.schemas.paper, await read('/api/v1/documents/bulletin/2021-08?edition=published&form=blocks')), null);
    assert.ok((await read('/api/v1/objections')).rows.length === 1);
  });
  await step('documents work on a phone, and an auditor neither announces nor answers', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await go('document/bulletin/2021-08', 'article.paper');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${wide} px too wide`);
    await shot('41-phone');
    await go('document/bulletin/2021-09', 'article.paper');
    assert.strictEqual(await page.getByRole('button', { name: '公示征求意见' }).count(), 0);
  });
  await step('no page threw, and nothing was blocked by the content security policy', async () => assert.deepStrictEqual(errors, []));
  await close();
  end();
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
