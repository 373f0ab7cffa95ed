// The history of figures, in a real browser: who, when, old, new, why; from the figure, of the unit, and on paper.
'use strict';
const assert = require('assert');
const { minning, json, step, end, person, visit, call } = require('./kit');

const PASSWORD = '闽宁协作 2021 口令';
[['chengmen.clerk', 'clerk', '城门镇'], ['gaishan.clerk', 'clerk', '盖山镇'], ['office', 'coordinator']].forEach((one) => person(PASSWORD, ...one));
const token = json('token', 'new', '城门镇')[0].token;
const WHY = [{ code: 'no_evidence', text: '凭证月底寄到' }];
const report = (amount, more) => ({ task: 'consumption', period: '2021-08', progress: '组织采购隆德特产', figures: [{ indicator: 'sales', amount }], explanations: WHY, ...more });

(async () => {
  const { page, errors, close, shot, accessible, go, login } = await visit(PASSWORD);
  const post = (body) => page.evaluate(async (what) => {
    const me = await (await fetch('/api/v1/me')).json();
    const response = await fetch('/api/v1/reports', { method: 'POST', headers: { 'X-CSRF-Token': me.csrf, 'Content-Type': 'application/json' }, body: JSON.stringify(what) });
    return { status: response.status, json: await response.json() };
  }, body);
  const get = (path) => page.evaluate(async (where) => { const answer = await fetch(where); return { status: answer.status, json: await answer.json() }; }, path);

  await step('a figure tells what it was, what it became, who said so and in which words', async () => {
    assert.strictEqual((await call('POST', '/api/v1/reports', { token, body: report('12.5万元') })).status, 200);
    minning('clock', 'advance', '2021-08-23T10:00');
    await login('chengmen.clerk');
    const sent = await post(report('13万元', { replaces: 1, progress: '漏计一笔' }));
    assert.strictEqual(sent.status, 200, JSON.stringify(sent.json));
    const { json: told } = await get(`/api/v1/history?indicator=sales&at_least=${sent.json.receipt.seq}`);
    assert.deepStrictEqual(told.rows.map((row) => [row.before, row.after, row.revision, row.who.login.replace(/-[0-9a-f]+$/, ''), row.why]),
      [[undefined, 12500000, 1, 'token-350104101', '组织采购隆德特产'], [12500000, 13000000, 2, 'chengmen.clerk', '漏计一笔']]);
    assert.strictEqual(told.rows[1].cause_seq, sent.json.receipt.seq);
    assert.strictEqual(told.rows[0].explained[0].explanation, '凭证月底寄到');
  });
  await step('the page is one click from the figure', async () => {
    await go('figure/sales', 'table');
    await page.getByRole('link', { name: /变动/ }).first().click();
    await page.getByRole('heading', { name: /变动/ }).waitFor();
    const rows = page.locator('tbody tr');
    assert.match(await rows.nth(0).innerText(), /2021-08-23 10:00[^]*12\.5[^]*13[^]*chengmen\.clerk[^]*更正。漏计一笔/);
    assert.match(await rows.nth(1).innerText(), /–[^]*12\.5/);
    await accessible('changes of a figure');
    await shot('40-changes');
  });
  await step('no change is one click, and is a line of the unit’s history', async () => {
    await go('tasks', 'article.task');
    page.once('dialog', (dialog) => dialog.accept());
    await page.locator('article', { hasText: '结对帮扶' }).getByRole('button', { name: '无变化' }).click();
    await page.getByRole('heading', { name: '报送回执' }).waitFor();
    await go('changes/-/350104101', 'table');
    await page.locator('tbody tr', { hasText: '本月无变化' }).first().waitFor();
    await page.getByRole('heading', { name: /城门镇/ }).waitFor();
    assert.ok((await page.locator('tbody tr').count()) >= 3);
    await accessible('changes of a unit');
    await shot('41-changes-of-unit');
  });
  await step('the receipt prints without its tools', async () => {
    await go('tasks', 'article.task');
    page.once('dialog', (dialog) => dialog.accept());
    await page.locator('article', { hasText: '社会帮扶' }).getByRole('button', { name: '无变化' }).click();
    await page.getByText('内容摘要').waitFor();
    await page.locator('.receipt .line', { hasText: '募集资金' }).getByText('无变化').waitFor();
    await page.emulateMedia({ media: 'print' });
    assert.strictEqual(await page.getByRole('button', { name: '打印回执' }).isVisible(), false);
    assert.strictEqual(await page.locator('.nav').isVisible(), false);
    await shot('42-receipt-printed');
    await page.emulateMedia({ media: 'screen' });
  });
  await step('a neighbour sees nothing of it; the coordinator does', async () => {
    await login('gaishan.clerk');
    assert.strictEqual((await get('/api/v1/history?unit=350104101')).status, 403);
    assert.strictEqual((await get('/api/v1/history')).json.rows.length, 0);
    await login('office');
    assert.strictEqual((await get('/api/v1/history')).status, 400);
    await go('changes/-/350104101', 'table');
    await page.locator('tbody tr', { hasText: 'chengmen.clerk' }).first().waitFor();
  });
  await step('a return is a line of the history, with who said so and why, and leads back to what stood before', async () => {
    minning('officer', 'add', 'coordinator', 'coordinator');
    minning('report', 'return', '城门镇', '消费帮扶', '2021-08', '--why', '凭证与金额不符');
    await login('chengmen.clerk');
    await go('changes/sales', 'table');
    const rows = page.locator('tbody tr');
    await rows.nth(0).getByText('凭证与金额不符').waitFor();
    const said = await rows.nth(0).innerText();
    assert.match(said, /退回/, said);
    assert.match(said, /13\.00 万元\s+12\.50 万元/, said); // the first revision counts again
    assert.match(said, /coordinator/, said);
    assert.match(await rows.nth(1).innerText(), /更正。漏计一笔/);
    await accessible('a return in the history of a figure');
    await shot('43-returned');
    await go('changes/-/350104101', 'table');
    await page.locator('tbody tr', { hasText: '凭证与金额不符' }).first().waitFor();
  });
  await step('no page threw', async () => assert.deepStrictEqual(errors, []));
  await close();
  end();
})().catch((error) => { console.error(error); process.exitCode = 1; });
