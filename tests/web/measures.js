// Planned measures in a real browser: a clerk enters one, corrects what is refused, finishes it; the office sees what presses.
'use strict';
const assert = require('assert');
const { minning, json, step, end, person, visit } = require('./kit');

const PASSWORD = '闽宁协作 2021 口令';
[['chengmen.clerk', 'clerk', '城门镇'], ['office', 'coordinator'], ['audit', 'auditor']].forEach((one) => person(PASSWORD, ...one));

(async () => {
  const { page, errors, close, shot, accessible, go, login } = await visit(PASSWORD);
  const form = () => page.locator('form.measure');

  await step('a clerk plans a measure of a task of the own unit; what is wrong is said beside the form', async () => {
    await login('chengmen.clerk');
    await go('measures', 'button.primary');
    await page.getByRole('button', { name: '录入帮扶措施' }).click();
    await form().getByLabel('任务').selectOption('pairing');
    await form().getByLabel('帮扶事项').fill('结对村走访');
    await form().getByLabel('帮扶计划').fill('每季一次，镇领导带队');
    await form().getByLabel('时限').fill('2021-08-01');
    await accessible('measure form');
    await form().getByRole('button', { name: '提交' }).click();
    await form().getByRole('alert').getByText('时限 2021-08-01 已过').waitFor();
    await form().getByLabel('时限').fill('2021-09-03');
    await shot('30-measure-form');
    await form().getByRole('button', { name: '提交' }).click();
    await page.locator('tbody tr', { hasText: '结对村走访' }).waitFor();
    const entry = json('tail', 'entries', '--kind', 'measure_entered').pop();
    assert.strictEqual(entry.body.actor.officer, 'chengmen.clerk');
    assert.strictEqual(entry.body.actor.credential, 'session');
  });
  await step('a mobile number never reaches the ledger', async () => {
    const before = json('tail', 'entries', '--kind', 'measure_entered').length;
    await page.getByRole('button', { name: '录入帮扶措施' }).click();
    await form().getByLabel('帮扶事项').fill('联系人13800138000');
    await form().getByLabel('帮扶计划').fill('电话');
    await form().getByLabel('时限').fill('2021-09-03');
    await form().getByRole('button', { name: '提交' }).click();
    await form().getByRole('alert').getByText('手机号码').waitFor();
    assert.strictEqual(json('tail', 'entries', '--kind', 'measure_entered').length, before);
  });
  await step('the office sees what is nearly due, and changes nothing', async () => {
    await login('office');
    await go('measures/pressing', 'table');
    const row = page.locator('tbody tr', { hasText: '结对村走访' });
    await row.getByText('临近时限').waitFor();
    assert.strictEqual(await page.getByRole('button', { name: '录入帮扶措施' }).count(), 0);
    await accessible('measures');
    await shot('31-measures');
  });
  await step('the clerk finishes it with the day of the fact and the result', async () => {
    await login('chengmen.clerk');
    await go('measures', 'table');
    await page.getByRole('button', { name: '修改第 1 号措施' }).click();
    await form().getByLabel('状态').selectOption('done');
    await form().getByLabel('完成日期').fill('2021-08-19');
    await form().getByRole('button', { name: '提交' }).click();
    await form().getByRole('alert').getByText('缺少必填字段').waitFor();
    await form().getByLabel('帮扶成效').fill('走访两个村，落实资金五万元');
    await form().getByRole('button', { name: '提交' }).click();
    await page.locator('tbody tr', { hasText: '按期完成' }).waitFor();
    assert.match(minning('ledger'), /走访两个村，落实资金五万元/);
    assert.strictEqual(json('measure', 'history', '350104101', '1').length, 2);
  });
  await step('a clerk asks for more time; the deadline stays until the office grants it', async () => {
    await go('extensions', 'form.request');
    await page.locator('form.request').getByLabel('任务').selectOption('pairing');
    await page.locator('form.request').getByLabel('延至').fill('2021-08-30');
    await page.locator('form.request').getByRole('button', { name: '申请延期' }).click();
    await page.locator('form.request').getByRole('alert').getByText('缺少必填字段').waitFor();
    await page.locator('form.request').getByLabel('理由').fill('镇里材料未齐');
    await page.locator('form.request').getByRole('button', { name: '申请延期' }).click();
    await page.locator('tbody tr', { hasText: '镇里材料未齐' }).getByText('待答复').waitFor();
    await accessible('extensions');
    await shot('32-extensions');
    assert.strictEqual(json('obligations', '城门镇', '--task', 'pairing', '--period', '2021-08')[0].due_seq, undefined);
    await login('office');
    await go('extensions/open', 'table');
    page.once('dialog', (dialog) => dialog.accept('同意'));
    await page.getByRole('button', { name: /准予 城门镇/ }).click();
    await page.getByText('没有延期申请').waitFor();
    assert.ok(json('obligations', '城门镇', '--task', 'pairing', '--period', '2021-08')[0].due_seq > 0);
    await login('chengmen.clerk');
    await go('extensions', 'table');
    await page.locator('tbody tr', { hasText: '已准予' }).getByText('同意（office）').waitFor();
  });
  await step('no page threw', async () => assert.deepStrictEqual(errors, []));
  await close();
  end();
})().catch((error) => { console.error(error); process.exitCode = 1; });
