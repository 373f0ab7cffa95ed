// What follows a warning, in a real browser: a clerk promises, the coordinator sees it and presses, once a day.
'use strict';
const assert = require('assert');
const { minning, json, step, end, person, until, visit } = require('./kit');

const PASSWORD = '闽宁协作 2021 口令';
[['chengmen.clerk', 'clerk', '城门镇'], ['office', 'coordinator'], ['audit', 'auditor']].forEach((one) => person(PASSWORD, ...one));

(async () => {
  const { page, errors, close, shot, accessible, go, login } = await visit(PASSWORD);
  minning('clock', 'advance', '2021-08-27T10:00');

  await step('a clerk answers for a warning with a day and a reason; it is an entry under his login', async () => {
    await login('chengmen.clerk');
    await go('tasks', 'article.task');
    const line = page.locator('section.notice li', { hasText: '结对帮扶 2021-08' }).first();
    await line.getByRole('button', { name: /认领/ }).click();
    await line.getByLabel('承诺办结日期').fill('2021-08-30');
    await line.getByLabel('原因').fill('镇级资金周一拨付');
    await accessible('promise');
    await shot('20-promise');
    await line.getByRole('button', { name: '认领', exact: true }).click();
    await page.getByText('承诺 2021-08-30 前：镇级资金周一拨付').first().waitFor();
    const entry = json('tail', 'entries', '--kind', 'warning_decided').pop();
    assert.strictEqual(entry.body.actor.officer, 'chengmen.clerk');
    assert.strictEqual(entry.body.actor.credential, 'session');
    assert.strictEqual(entry.body.decision, 'answered');
    await shot('21-promised');
  });
  await step('a promise for far away is refused beside the form; a mobile number too, before the ledger', async () => {
    const line = page.locator('section.notice li', { hasText: '消费帮扶 2021-08' }).first();
    await line.getByRole('button', { name: /认领/ }).click();
    await line.getByLabel('承诺办结日期').fill('2021-12-20');
    await line.getByRole('button', { name: '认领', exact: true }).click();
    await line.getByRole('alert').getByText('承诺日期须在').waitFor();
    await line.getByLabel('原因').fill('请打13800138000');
    await line.getByLabel('承诺办结日期').fill('2021-08-31');
    const head = json('tail', 'entries').pop().seq;
    await line.getByRole('button', { name: '认领', exact: true }).click();
    await line.getByRole('alert').getByText('手机号码').waitFor();
    assert.strictEqual(json('tail', 'entries', '--kind', 'warning_decided').length, 2);
    assert.ok(json('tail', 'entries').pop().seq <= head + 1);
  });
  await step('the coordinator sees the promise in the late list and in the warnings', async () => {
    await login('office');
    await go('late', 'table');
    const row = page.locator('tbody tr', { hasText: '城门镇' }).filter({ hasText: '结对帮扶' });
    await row.getByText('承诺 2021-08-30 前：镇级资金周一拨付').waitFor();
    await go('warnings', 'table');
    await page.getByText('承诺 2021-08-30 前').first().waitFor();
    await accessible('warnings with a promise');
    await shot('22-warnings');
  });
  await step('one click presses for a report: an entry, a warning, who and when in the list; no second time that day', async () => {
    await go('late', 'table');
    const row = page.locator('tbody tr', { hasText: '建新镇' }).filter({ hasText: '结对帮扶' });
    await row.getByRole('button', { name: /催办/ }).click();
    await row.getByText('2021-08-27 10:00 office').waitFor();
    assert.strictEqual(await row.getByRole('button', { name: /催办/ }).count(), 0);
    const entry = json('tail', 'entries', '--kind', 'warning_decided').pop();
    assert.strictEqual(entry.body.decision, 'reminded');
    assert.strictEqual(entry.body.actor.officer, 'office');
    const told = json('tail', 'warnings', '--kind', 'warning_raised').pop();
    assert.strictEqual(told.body.pressed_by, 'office');
    assert.ok(told.body.zh.includes('【催办】'));
    await accessible('late');
    await shot('23-late');
    await assert.rejects(async () => minning('remind', '建新镇', entry.body.task, '2021-08'));
  });
  await step('the matrix presses for all that a unit is late with', async () => {
    await go('matrix', 'table');
    const before = json('tail', 'entries', '--kind', 'warning_decided').length;
    await page.getByRole('button', { name: '催办 螺洲镇 2021年8月' }).click();
    await until('both entries', async () => json('tail', 'entries', '--kind', 'warning_decided').length === before + 2);
    await accessible('matrix');
    await shot('24-matrix');
    assert.strictEqual(json('follows', '--unit', '螺洲镇').length, 2);
  });
  await step('an auditor sees both and presses nobody', async () => {
    await login('audit');
    await go('late', 'table');
    await page.getByText('2021-08-27 10:00 office').first().waitFor();
    assert.strictEqual(await page.getByRole('button', { name: /催办/ }).count(), 0);
  });
  await step('what was entered outlives news: the page says that there is something new, and waits', async () => {
    await login('chengmen.clerk');
    await go('tasks', 'article.task');
    const line = page.locator('section.notice li', { hasText: '消费帮扶 2021-08' }).first();
    await line.getByRole('button', { name: /认领/ }).click();
    await line.getByLabel('原因').fill('正在核对');
    await line.getByRole('button', { name: '取消' }).focus(); // not in a field any more
    minning('clock', 'advance', '2021-08-27T10:30');
    await page.getByText('有新的变化').waitFor();
    assert.strictEqual(await line.getByLabel('原因').inputValue(), '正在核对');
    await page.getByRole('button', { name: '刷新本页' }).click();
    await page.getByText('有新的变化').waitFor({ state: 'detached' });
  });
  await step('no page threw', async () => assert.deepStrictEqual(errors, []));
  await close();
  end();
})().catch((error) => { console.error(error); process.exitCode = 1; });
