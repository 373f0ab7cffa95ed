// Without a mouse: report, return, report again, announce and publish, by the keyboard alone, and always with the focus to be seen.
'use strict';
const assert = require('assert');
const { base, minning, json, step, end, person, until, visit } = require('./kit');

const PASSWORD = 'keyboard only 2021';
[['chengmen.clerk', 'clerk', '城门镇'], ['office', 'coordinator']].forEach((one) => person(PASSWORD, ...one));

(async () => {
  const { page, context, errors, close } = await visit(PASSWORD);
  const press = (key) => page.keyboard.press(key);
  // What has the focus: its name as a screen reader tells it, and whether one can see that it has it.
  const focused = () => page.evaluate(() => {
    const at = document.activeElement;
    const label = at.id && document.querySelector(`label[for="${at.id}"]`);
    const style = getComputedStyle(at);
    const box = at.getBoundingClientRect();
    return { tag: at.tagName, name: (at.getAttribute('aria-label') || (label && label.textContent) || at.textContent || at.placeholder || '').trim(),
      seen: at === document.body || at.tagName === 'MAIN' || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 && box.width > 0 && box.bottom > 0 && box.top < innerHeight) };
  });
  const tabTo = async (name, most = 160) => {
    for (let presses = 0; presses < most; presses += 1) {
      await press('Tab');
      const now = await focused();
      assert.ok(now.seen, `the focus on ${JSON.stringify(now)} cannot be seen`);
      if (typeof name === 'string' ? now.name.startsWith(name) : name.test(now.name)) return now;
    }
    throw new Error(`no way by Tab to ${name}; the focus is on ${JSON.stringify(await focused())}`);
  };
  const type = (text) => page.keyboard.type(text);
  const loaded = () => page.waitForFunction(() => !document.querySelector('.loading') && document.querySelector('h1'));
  const login = async (name) => {
    await context.clearCookies();
    await page.goto('about:blank');
    await page.goto(base);
    await page.getByRole('heading', { name: '登录' }).waitFor();
    assert.strictEqual((await focused()).name, '登录名'); // where one types first
    await type(name);
    await tabTo('口令');
    await type(PASSWORD);
    await press('Enter');
    await page.waitForSelector('.who');
    await loaded();
  };
  const enter = async (name) => {
    await tabTo(name);
    await press('Enter');
  };
  const revision = async (amount, number) => {
    await tabTo('宁夏特色产品销售额 口径');
    await tabTo('宁夏特色产品销售额');
    await press('Control+A');
    await type(amount);
    await tabTo('进展');
    await press('Control+A');
    await type('组织镇机关采购');
    await page.locator('[data-explains=no_evidence]').waitFor();
    if (number === 1) {
      await press('Shift+Tab');
      for (let presses = 0; presses < 40 && !(await page.evaluate(() => document.activeElement.hasAttribute('data-explains'))); presses += 1) await press('Shift+Tab');
      await type('发票月底补交');
    }
    await page.getByText('可以提交').waitFor();
    await enter(/^提交/);
    await page.getByRole('heading', { name: '报送回执' }).waitFor();
  };

  await step('a clerk logs in, opens a task, reports and gets the receipt', async () => {
    await login('chengmen.clerk');
    await tabTo('跳到正文'); // the first stop leads past the menu
    const cards = await page.locator('article.task').allInnerTexts();
    const before = cards.findIndex((text) => text.includes('消费帮扶'));
    for (let card = 0; card <= before; card += 1) await tabTo('填报');
    await press('Enter');
    await page.locator('input.amount').first().waitFor();
    await revision('12.5万元', 1);
    assert.strictEqual(json('tail', 'entries', '--kind', 'report_received').length, 1);
  });
  await step('the coordinator finds the report in the matrix and returns it with a reason', async () => {
    minning('clock', 'advance', '2021-08-23T10:00');
    await login('office');
    await enter('报送矩阵');
    await page.getByRole('heading', { name: /报送矩阵/ }).waitFor();
    await loaded();
    const cells = await page.locator('a.cell').evaluateAll((all) => all.map((one) => one.getAttribute('href')));
    await tabTo(/已报|未到期|逾期/);
    for (let at = 0; at < cells.indexOf('#/unit/350104101/2021-08'); at += 1) await tabTo(/已报|未到期|逾期/, 6);
    await press('Enter');
    await page.getByRole('heading', { name: /城门镇/ }).waitFor();
    await loaded();
    const rows = await page.locator('tbody tr').allInnerTexts();
    for (let row = 0; row <= rows.findIndex((text) => text.includes('消费帮扶')); row += 1) await tabTo('查看');
    await press('Enter');
    await page.getByRole('heading', { name: '裁定' }).last().waitFor();
    await tabTo('理由');
    await type('请附销售凭证');
    await enter('退回');
    await page.getByText('退回原因：').waitFor();
    assert.strictEqual(json('tail', 'entries', '--kind', 'report_decided').length, 1);
  });
  await step('the clerk reads why and sends it again', async () => {
    await login('chengmen.clerk');
    const cards = await page.locator('article.task').allInnerTexts();
    assert.ok(cards.some((text) => text.includes('请附销售凭证')));
    for (let card = 0; card <= cards.findIndex((text) => text.includes('消费帮扶')); card += 1) await tabTo('填报');
    await press('Enter');
    await page.locator('input.amount').first().waitFor();
    await revision('13万元', 2);
    assert.strictEqual(json('tail', 'entries', '--kind', 'report_received').length, 2);
  });
  await step('a bulletin is looked at, announced, and published when its window is over', async () => {
    minning('clock', 'advance', '2021-08-30T09:00');
    await login('office');
    await enter('通报文件');
    await page.getByRole('heading', { name: '通报与总结' }).waitFor();
    await enter('通报 2021年8月');
    await page.locator('article.paper').waitFor();
    page.once('dialog', (dialog) => dialog.accept()); // Enter, where a person sits
    await enter('公示征求意见');
    await page.getByText('公示中').waitFor();
    minning('clock', 'advance', '2021-09-01T10:00');
    await enter('通报文件');
    await page.getByRole('heading', { name: '通报与总结' }).waitFor();
    await page.getByText('公示期满，可印发').waitFor();
    await enter('通报 2021年8月');
    await page.locator('article.paper').waitFor();
    await enter('付印稿');
    await page.getByRole('button', { name: '印发' }).waitFor();
    await loaded();
    page.once('dialog', (dialog) => dialog.accept());
    await enter('印发');
    await page.getByRole('heading', { name: /〔2021〕1号/ }).waitFor();
    assert.strictEqual(json('tail', 'entries', '--kind', 'document_published').length, 1);
  });
  await step('no page threw', async () => assert.deepStrictEqual(errors, []));
  await close();
  end();
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
