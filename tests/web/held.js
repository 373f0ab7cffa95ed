// A session that ends in the middle of any form: who logs in again finds what was typed, nobody else does, and no secret is kept.
'use strict';
const assert = require('assert');
const { json, minning, step, end, until, person, visit } = require('./kit');

const PASSWORD = '闽宁协作 2021 口令';
const ODD = '走访 <b onmouseover="window.caught=1">两村</b> & "每季" \'一次\' \u202e反';
[['chengmen.clerk', 'clerk', '城门镇'], ['gaishan.clerk', 'clerk', '盖山镇'], ['office', 'coordinator']].forEach((one) => person(PASSWORD, ...one));

(async () => {
  const { page, context, errors, close, shot, accessible, go, login } = await visit(PASSWORD);
  const measure = () => page.locator('form.measure'), request = () => page.locator('form.request');
  const back = async (name) => {
    await page.getByLabel('登录名').waitFor();
    await page.getByLabel('登录名').fill(name);
    await page.getByLabel('口令或一次性登录码').fill(PASSWORD);
    await page.getByLabel('口令或一次性登录码').press('Enter');
  };

  await step('a new measure: every field stands there again, whatever characters it has, and is sent as it was typed', async () => {
    await login('chengmen.clerk');
    await go('measures', 'button.primary');
    await page.getByRole('button', { name: '录入帮扶措施' }).click();
    await measure().getByLabel('任务').selectOption('pairing');
    await measure().getByLabel('帮扶事项').fill(ODD);
    await measure().getByLabel('帮扶计划').fill('第一行\n第二行');
    await measure().getByLabel('时限').fill('2021-09-03');
    await measure().getByLabel('状态').selectOption('done');
    await measure().getByLabel('帮扶成效').fill('落实资金五万元');
    await context.clearCookies();
    await measure().getByRole('button', { name: '提交' }).click();
    await back('chengmen.clerk');
    await page.getByText('此前填写的内容还在').waitFor();
    assert.strictEqual(await measure().getByLabel('任务').inputValue(), 'pairing');
    assert.strictEqual(await measure().getByLabel('帮扶事项').inputValue(), ODD);
    assert.strictEqual(await measure().getByLabel('帮扶计划').inputValue(), '第一行\n第二行');
    assert.strictEqual(await measure().getByLabel('时限').inputValue(), '2021-09-03');
    assert.strictEqual(await measure().getByLabel('状态').inputValue(), 'done');
    assert.strictEqual(await measure().getByLabel('帮扶成效').inputValue(), '落实资金五万元');
    assert.ok(await measure().getByLabel('帮扶成效').isVisible());
    assert.strictEqual(await page.evaluate('window.caught'), undefined);
    await accessible('a measure that was held');
    await shot('36-held-measure');
    await measure().getByLabel('帮扶事项').fill('结对村走访');
    await measure().getByLabel('状态').selectOption('planned');
    await measure().getByRole('button', { name: '提交' }).click();
    await page.locator('tbody tr', { hasText: '结对村走访' }).waitFor();
    assert.strictEqual(json('tail', 'entries', '--kind', 'measure_entered').length, 1);
  });
  await step('a measure that stands: its own form opens with what was typed, not with another’s', async () => {
    await go('measures', 'table');
    await page.getByRole('button', { name: '修改第 1 号措施' }).click();
    await measure().getByLabel('帮扶计划').fill('改为每月一次');
    await context.clearCookies();
    await measure().getByRole('button', { name: '提交' }).click();
    await back('chengmen.clerk');
    await measure().getByRole('heading', { name: '修改第 1 号措施' }).waitFor();
    assert.strictEqual(await measure().getByLabel('帮扶计划').inputValue(), '改为每月一次');
    assert.strictEqual(await measure().getByLabel('帮扶事项').inputValue(), '结对村走访');
  });
  await step('somebody else who logs in there finds nothing of it, nor does the first one after him', async () => {
    await go('extensions', 'form.request');
    await request().getByLabel('理由').fill('城门镇自己的理由');
    await context.clearCookies();
    await request().getByRole('button', { name: '申请延期' }).click();
    await back('gaishan.clerk');
    await page.waitForSelector('article.task');
    await go('extensions', 'form.request');
    assert.strictEqual(await request().getByLabel('理由').inputValue(), '');
    assert.ok(!(await page.content()).includes('城门镇自己的理由'));
    assert.strictEqual(await page.evaluate('M.held'), null);
  });
  minning('clock', 'advance', '2021-08-20T10:00'); // five days before the deadline, it is told at nine
  await step('a request for more time and a promise below a warning wait likewise', async () => {
    await login('chengmen.clerk');
    await go('extensions', 'form.request');
    await request().getByLabel('任务').selectOption('pairing');
    await request().getByLabel('延至').fill('2021-08-30');
    await request().getByLabel('理由').fill('镇里材料未齐');
    await context.clearCookies();
    await request().getByRole('button', { name: '申请延期' }).click();
    await back('chengmen.clerk');
    await page.getByText('此前填写的内容还在').waitFor();
    assert.strictEqual(await request().getByLabel('延至').inputValue(), '2021-08-30');
    await request().getByRole('button', { name: '申请延期' }).click();
    await page.locator('tbody tr', { hasText: '镇里材料未齐' }).getByText('待答复').waitFor();
    await go('warnings', 'table tbody');
    await page.getByRole('button', { name: /^认领/ }).first().click();
    await page.locator('form.inline').getByLabel('承诺办结日期').fill('2021-08-24');
    await page.locator('form.inline').getByLabel('原因').fill('等凭证');
    await context.clearCookies();
    await page.locator('form.inline').getByRole('button', { name: '认领' }).click();
    await back('chengmen.clerk');
    await page.getByText('此前填写的内容还在').waitFor();
    assert.strictEqual(await page.locator('form.inline').getByLabel('原因').inputValue(), '等凭证');
  });
  await step('an officer’s reason, in a form and in a prompt', async () => {
    await login('office');
    await go('history/pairing/2021-08/350104101', 'textarea');
    await page.getByLabel('理由（退回').fill('材料确需时间');
    await page.getByLabel('延期至').fill('2021-08-31');
    await context.clearCookies();
    await page.getByRole('button', { name: '准予延期' }).click();
    await back('office');
    await page.getByText('此前填写的内容还在').waitFor();
    assert.strictEqual(await page.getByLabel('理由（退回').inputValue(), '材料确需时间');
    assert.strictEqual(await page.getByLabel('延期至').inputValue(), '2021-08-31');
    await go('extensions/open', 'table');
    page.once('dialog', (dialog) => dialog.accept('同意，<i>尽快</i>'));
    await context.clearCookies();
    await page.getByRole('button', { name: /准予 城门镇/ }).click();
    await back('office');
    await page.locator('.notice.held').getByText('同意，<i>尽快</i>').waitFor();
    let offered = '';
    page.once('dialog', (dialog) => { offered = dialog.defaultValue(); dialog.accept(offered); });
    await page.getByRole('button', { name: /准予 城门镇/ }).click();
    await page.getByText('没有延期申请').waitFor();
    assert.strictEqual(offered, '同意，<i>尽快</i>');
  });
  await step('a language that is switched takes nothing along either', async () => {
    await login('chengmen.clerk');
    await go('extensions', 'form.request');
    await request().getByLabel('理由').fill('换语言之前写的');
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'More time', exact: true }).waitFor();
    assert.strictEqual(await request().locator('input[type=text]').inputValue(), '换语言之前写的');
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '延期申请', exact: true }).waitFor();
    assert.strictEqual(await request().getByLabel('理由').inputValue(), '换语言之前写的');
  });
  await step('a password is kept nowhere', async () => {
    await go('password', 'form');
    await page.getByLabel('原口令').fill(PASSWORD);
    await page.getByLabel('新口令').fill('一个很长的新口令 2021');
    await page.getByLabel('再输一次').fill('一个很长的新口令 2021');
    await context.clearCookies();
    await page.getByRole('button', { name: '保存' }).click();
    await page.getByLabel('登录名').waitFor();
    assert.strictEqual(await page.evaluate('M.held'), null);
    assert.ok(!(await page.evaluate('JSON.stringify(Object.assign({}, sessionStorage, localStorage))')).includes('口令'));
    await back('chengmen.clerk');
    await until('a page of his', () => page.evaluate('!!M.me && location.hash !== "#/login"'));
    await go('password', 'form');
    assert.strictEqual(await page.getByLabel('原口令').inputValue(), '');
  });
  await step('no page threw', async () => assert.deepStrictEqual(errors, []));
  await close();
  end();
})().catch((error) => { console.error(error); process.exitCode = 1; });
