// Every role at the console, in a real browser against the real system; the HTTP edge by hand beside it.
'use strict';
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { base, web, minning, json, step, end, raw, statusOf, call, broken, browser } = require('./kit');

const PASSWORD = '闽宁协作 2021 口令';
const secretFile = path.join(web, 'secret.txt');
fs.writeFileSync(secretFile, `${PASSWORD}\n`, { mode: 0o600 });
const people = { clerk: ['chengmen.clerk', 'clerk', '城门镇'], office: ['office', 'coordinator'], ops: ['ops', 'operator'], audit: ['audit', 'auditor'] };
Object.values(people).forEach(([login, role, unit]) => minning('user', 'add', login, '--role', role, '--secret', secretFile, ...(unit ? ['--unit', unit] : [])));
const token = json('token', 'new', '盖山镇')[0].token;
const until = async (what, test) => {
  const last = Date.now() + 15000;
  for (;;) {
    if (await test()) return;
    if (Date.now() > last) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
};

(async () => {
  const { context, close } = await browser();
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error' && !/status of 4|status of 503/.test(message.text())) errors.push(message.text()); });
  const shot = (name) => page.screenshot({ path: path.join(web, 'shots', `${name}.png`), fullPage: true });
  const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
  const accessible = async (name) => {
    if (!(await page.evaluate('typeof axe === "object"'))) await page.evaluate(axe);
    const found = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ['violations'] })).violations.map((one) => ({ id: one.id, impact: one.impact, at: one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)) })));
    const serious = found.filter((one) => one.impact === 'serious' || one.impact === 'critical');
    assert.deepStrictEqual(serious, [], `${name}: ${JSON.stringify(serious, null, 1)}`);
  };
  const go = async (hash, wait) => {
    await page.goto(`${base}#/${hash}`);
    await page.waitForSelector(wait || 'h1');
  };
  const login = async (name, secret = PASSWORD) => {
    await context.clearCookies();
    await page.goto('about:blank');
    await page.goto(`${base}#/login`);
    await page.getByLabel('登录名').fill(name);
    await page.getByLabel('口令或一次性登录码').fill(secret);
    await page.getByLabel('口令或一次性登录码').press('Enter');
  };

  // --- getting in ---
  await step('a wrong password is told so beside the form, in Chinese', async () => {
    await login('chengmen.clerk', 'not the password');
    await page.getByRole('alert').getByText('用户名或口令不正确').waitFor();
    await accessible('login');
    await shot('01-login');
  });
  await step('a one-time code opens once, and asks for a password before anything else', async () => {
    const { code } = json('user', 'add', 'new.clerk', '--unit', '螺洲镇')[0];
    await login('new.clerk', code);
    await page.getByRole('heading', { name: '设置口令' }).waitFor();
    await page.goto(`${base}#/tasks`);
    await page.getByRole('heading', { name: '设置口令' }).waitFor();
    await page.getByLabel('新口令').fill(PASSWORD);
    await page.getByLabel('再输一次').fill(PASSWORD);
    await accessible('password');
    await page.getByRole('button', { name: '保存' }).click();
    await page.getByRole('heading', { name: /螺洲镇/ }).waitFor();
    await login('new.clerk', code);
    await page.getByRole('alert').getByText('用户名或口令不正确').waitFor();
  });

  // --- the clerk ---
  await step('a clerk sees what is owed this month, how many days are left, and that nothing classified may be written', async () => {
    await login('chengmen.clerk');
    await page.getByText('还剩 5 天').first().waitFor();
    assert.strictEqual(await page.locator('article.task').count(), 3);
    await page.getByText('严禁涉密').waitFor();
    await page.getByText('数据截至').first().waitFor();
    await accessible('tasks');
    await shot('02-tasks');
  });
  await step('faults stand beside the field while one types, and leave when it is mended', async () => {
    await page.locator('article', { hasText: '消费帮扶' }).getByRole('link', { name: '填报' }).click();
    const amount = page.locator('input.amount').first();
    await page.locator('[data-code=figure_missing]').waitFor();
    await amount.fill('约12万元');
    await page.locator('.figure [data-code=wrong_type]').waitFor();
    assert.strictEqual(await amount.getAttribute('aria-invalid'), 'true');
    const described = await amount.getAttribute('aria-describedby');
    assert.match(await page.locator(`#${described}`).innerText(), /约/);
    await shot('03-form-fault');
    await accessible('form with a fault');
    await amount.fill('12.5万元');
    await page.locator('.figure [data-code=no_evidence]').waitFor();
    assert.strictEqual(await page.locator('.figure [data-code=wrong_type]').count(), 0);
  });
  await step('a mobile number in the words is refused before anything is kept', async () => {
    await page.getByLabel('进展').fill('请联系 13812345678');
    await page.locator('[data-code=mobile_number]').waitFor();
    await page.getByLabel('进展').fill('组织镇机关采购隆德特产');
    await until('the fault to leave', async () => (await page.locator('[data-code=mobile_number]').count()) === 0);
  });
  await step('a written explanation lets a soft fault pass; the report is sent, the receipt names its entry in the ledger', async () => {
    await page.locator('[data-explains=no_evidence]').fill('发票月底汇总后补交');
    await page.getByText('可以提交').waitFor();
    await page.getByLabel('填报人').fill('林某某');
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByRole('heading', { name: '报送回执' }).waitFor();
    await page.getByText('已收到，校验通过').waitFor();
    await accessible('receipt');
    await shot('04-receipt');
    const entry = json('tail', 'entries', '--kind', 'report_received').pop();
    const text = await page.locator('.receipt').innerText();
    assert.ok(text.includes(`№ ${entry.seq}`), text);
    assert.ok(!JSON.stringify(entry).includes('林某某'), 'a name stands in the ledger');
    assert.strictEqual(entry.body.login, 'chengmen.clerk');
    assert.strictEqual(entry.body.door, 'console');
  });
  await step('the form comes back filled with what stands; a correction is the second revision', async () => {
    await go('report/consumption/2021-08', 'input.amount');
    await page.getByText('现行第 1 版').waitFor();
    assert.strictEqual(await page.locator('input.amount').first().inputValue(), '12.5万元');
    assert.strictEqual(await page.getByLabel('进展').inputValue(), '组织镇机关采购隆德特产');
    await page.locator('input.amount').first().fill('１３万元');
    await page.locator('[data-explains=no_evidence]').fill('发票月底汇总后补交');
    await page.getByText('可以提交').waitFor();
    await page.getByRole('button', { name: '提交更正' }).click();
    await page.getByText('第 2 版').waitFor();
  });
  await step('rows pasted from Excel become items, their sum is checked against the amount', async () => {
    await go('report/donation/2021-08', 'input.amount');
    await page.getByText('明细（逐笔）').first().click();
    await page.locator('textarea.paste').first().evaluate((area) => {
      const data = new DataTransfer();
      data.setData('text', '凭证号\t日期\t金额\nHX-001\t2021/8/3\t10,000\nHX-002\t2021年8月9日\t5,000\n');
      area.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    });
    assert.strictEqual(await page.locator('.items tbody tr').count(), 2);
    await page.locator('input.amount').first().fill('2万元');
    await page.locator('[data-code=items_disagree]').waitFor();
    await page.locator('input.amount').first().fill('1.5万元');
    await until('the sum to agree', async () => (await page.locator('[data-code=items_disagree]').count()) === 0);
    await shot('05-items');
    await accessible('items');
    await page.locator('[data-explains=no_evidence]').fill('凭证已装订');
    await page.getByText('可以提交').waitFor();
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByText('已收到，校验通过').waitFor();
  });
  await step('evidence is told by its hash: the fault is gone, the ledger has the SHA-256 of the very file', async () => {
    const bytes = Buffer.concat([Buffer.from('%PDF-1.4\n'), require('crypto').randomBytes(70001), Buffer.from('\n%%EOF\n')]);
    const hash = require('crypto').createHash('sha256').update(bytes).digest('hex');
    assert.strictEqual(await page.evaluate((data) => M.sha256(Uint8Array.from(data)), [...bytes]), hash, 'our own digest');
    await go('report/consumption/2021-08', 'input.amount');
    await page.getByLabel('选择文件').setInputFiles({ name: '销售汇总.pdf', mimeType: 'application/pdf', buffer: bytes });
    await page.getByText('销售汇总.pdf').waitFor();
    await page.locator('input.amount').first().fill('13.2万元');
    await page.locator('[data-explains=no_evidence]').waitFor({ state: 'detached' });
    await page.getByText('可以提交').waitFor();
    await accessible('evidence');
    await shot('17-evidence');
    await page.getByRole('button', { name: '提交更正' }).click();
    await page.getByText('第 3 版').waitFor();
    assert.strictEqual(json('tail', 'entries', '--kind', 'report_received').pop().body.report.evidence[0].sha256, hash);
  });
  await step('no change is one click and a question', async () => {
    await go('tasks', 'article.task');
    page.once('dialog', (dialog) => dialog.accept());
    await page.locator('article', { hasText: '结对帮扶' }).getByRole('button', { name: '无变化' }).click();
    await page.getByText('已收到，校验通过').waitFor();
    await go('tasks', 'article.task');
    await until('three green cards', async () => (await page.locator('article.edge-green').count()) === 3);
  });
  await step('the history of a report shows each submission with its verdict', async () => {
    await go('history/consumption/2021-08', 'table');
    assert.strictEqual(await page.locator('tbody tr').count(), 3);
    assert.strictEqual(await page.getByRole('heading', { name: '裁定' }).count(), 0);
    await accessible('history');
  });
  await step('the whole form is usable by keyboard alone', async () => {
    await go('tasks', 'article.task');
    await page.keyboard.press('Tab');
    const link = page.locator('article', { hasText: '消费帮扶' }).getByRole('link').first();
    await link.focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('input.amount');
    const seen = new Set();
    for (let press = 0; press < 40; press += 1) {
      await page.keyboard.press('Tab');
      seen.add(await page.evaluate(() => `${document.activeElement.tagName}:${document.activeElement.className}`));
    }
    assert.ok([...seen].some((one) => one.startsWith('INPUT:amount')) && [...seen].some((one) => one.startsWith('BUTTON:primary')) && [...seen].some((one) => one.startsWith('TEXTAREA')), [...seen].join(' '));
  });
  await step('English is one switch away and the choice is kept', async () => {
    await go('tasks', 'article.task');
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByText('this month').waitFor();
    await page.reload();
    await page.getByText('this month').waitFor();
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByText('本月任务').waitFor();
  });
  await step('the other language takes nothing away: what was typed a moment before is there, and so is what is typed after', async () => {
    const progress = page.locator('textarea[id^=progress]'), amount = page.locator('input.amount').first();
    await go('report/donation/2021-08', 'input.amount');
    await amount.fill('3。5万元');
    await page.locator('.figure [data-code=wrong_type]').getByText('小数点').waitFor();
    await progress.fill('两种语言');
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Words' }).waitFor();
    assert.strictEqual(await amount.inputValue(), '3。5万元');
    assert.strictEqual(await progress.inputValue(), '两种语言');
    await page.locator('.figure [data-code=wrong_type]').getByText('decimal point').waitFor();
    await progress.fill('两种语言都在');
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '文字' }).waitFor();
    assert.strictEqual(await progress.inputValue(), '两种语言都在');
  });
  await step('a page that is slow does not take the place of the one that was opened after it', async () => {
    await go('tasks', 'article.task');
    let asked = 0;
    await page.route('**/api/v1/standing?**', async (route) => {
      asked += 1;
      await new Promise((resolve) => { setTimeout(resolve, 1500); });
      await route.continue();
    });
    await page.goto(`${page.url().split('#')[0]}#/report/donation/2021-08`);
    await until('the form to ask', async () => asked > 0);
    const answered = page.waitForResponse(/standing/);
    await go('board', 'h1');
    await answered;
    await page.waitForTimeout(500);
    await page.unroute('**/api/v1/standing?**');
    assert.strictEqual(await page.locator('form.report').count(), 0);
    assert.ok(!(await page.evaluate('!!M.formOpen && M.formOpen.main.isConnected')));
  });
  await step('a session that ends in the middle takes nothing along: who logs in again finds what was typed', async () => {
    const progress = page.locator('textarea[id^=progress]'), again = async (name) => {
      await page.getByLabel('登录名').fill(name);
      await page.getByLabel('口令或一次性登录码').fill(PASSWORD);
      await page.getByLabel('口令或一次性登录码').press('Enter');
    };
    await go('report/donation/2021-08', 'input.amount');
    await page.locator('input.amount').first().fill('7万元');
    await progress.fill('会话过期时写的');
    await context.clearCookies();
    await page.getByRole('button', { name: /^提交/ }).click();
    await page.locator('#say', { hasText: '登录已过期' }).waitFor(); // for a moment the form says it too
    await again('chengmen.clerk');
    await page.getByText('登录过期前填写的内容还在').waitFor();
    assert.strictEqual(await page.locator('input.amount').first().inputValue(), '7万元');
    assert.strictEqual(await progress.inputValue(), '会话过期时写的');
    await page.getByText('草稿已保存').waitFor();
    await context.clearCookies();
    await progress.fill('别人看不到'); // kept by itself after three seconds, and that finds the session gone
    await page.getByLabel('登录名').waitFor();
    await again('new.clerk');
    await page.getByRole('heading', { name: /螺洲镇/ }).waitFor();
    await go('report/donation/2021-08', 'input.amount');
    assert.strictEqual(await progress.inputValue(), '');
    await login('chengmen.clerk');
    await page.waitForSelector('article.task');
    await go('report/donation/2021-08', 'input.amount');
    assert.strictEqual(await progress.inputValue(), '会话过期时写的'); // as it was kept last
  });
  await step('a row of which only the amount was typed is told what it lacks, and stays', async () => {
    await go('report/donation/2021-08', 'input.amount');
    const items = page.locator('details.items').first();
    if (await items.getAttribute('open') === null) await items.locator('summary').click();
    await page.locator('input.amount').first().fill('');
    await page.getByRole('button', { name: '加一行' }).first().click();
    await items.getByLabel('金额', { exact: true }).last().fill('5万元');
    await items.locator('[data-code=item_key_missing]').waitFor();
    await items.locator('[data-code=fact_day_missing]').waitFor();
    await shot('05b-row-without-number');
    await page.getByText('草稿已保存').waitFor();
    await page.reload();
    await page.waitForSelector('input.amount');
    assert.strictEqual(await items.getByLabel('金额', { exact: true }).last().inputValue(), '5万元');
    await page.getByRole('button', { name: '删除草稿' }).click();
    await page.getByText('草稿已删除').waitFor();
  });
  await step('it works on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await go('report/consumption/2021-08', 'input.amount');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${wide} px too wide`);
    await shot('06-phone');
    await page.setViewportSize({ width: 1280, height: 860 });
  });
  await step('a clerk sees neither another unit’s entries nor the services', async () => {
    const other = json('tail', 'entries', '--kind', 'login_granted')[0].seq;
    const answers = await page.evaluate(async (seq) => Promise.all([`/api/v1/entries/${seq}`, '/api/v1/services', '/api/v1/obligations?unit=350104102'].map(async (at) => {
      const response = await fetch(at);
      return { status: response.status, units: ((await response.json()).rows || []).map((row) => row.unit) };
    })), other);
    assert.strictEqual(answers[0].status, 403);
    assert.strictEqual(answers[1].status, 403);
    assert.deepStrictEqual([...new Set(answers[2].units)], ['350104101']);
  });
  await step('a POST with the cookie alone is refused: it takes what only our page knows', async () => {
    const status = await page.evaluate(async () => (await fetch('/api/v1/reports/check', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"task":"consumption","period":"2021-08"}' })).status);
    assert.strictEqual(status, 403);
  });

  // --- the coordinator ---
  await step('the board shows seven tasks, each lamp with a word and a shape', async () => {
    await login('office');
    await page.waitForSelector('section.panel');
    assert.strictEqual(await page.locator('section.panel').count(), 7);
    for (const lamp of await page.locator('.board .lamp').all()) {
      assert.ok((await lamp.innerText()).trim().length > 0);
      assert.strictEqual(await lamp.locator('svg.shape').count(), 1);
    }
    assert.deepStrictEqual(await page.evaluate(() => [M.rate(2, 1), M.rate(1999, 2000), M.rate(0, 3)]), ['200.0%', '99.9%', '0.0%'], 'as on paper');
    await accessible('board');
    await shot('07-board');
  });
  let receipt; // of what the program reports
  await step('what a program reports by token appears on the open board without a reload', async () => {
    await page.evaluate(() => { window.untouched = true; });
    const report = { submission_id: '018f0000-0000-7000-8000-000000000001', task: 'consumption', period: '2021-08', figures: [{ indicator: 'sales', amount: '1234.56万元', opening: '100万元' }], progress: '集中采购', explanations: [{ code: 'no_evidence', text: '发票后补' }] };
    const answer = await call('POST', '/api/v1/reports', { token, body: report });
    assert.strictEqual(answer.status, 200, answer.text);
    receipt = answer.json.receipt;
    await page.getByText('1,347.76 万元').first().waitFor();
    assert.strictEqual(await page.evaluate('window.untouched'), true);
    const again = await call('POST', '/api/v1/reports', { token, body: report });
    assert.strictEqual(again.json.receipt.seq, answer.json.receipt.seq);
    assert.strictEqual(again.json.receipt.duplicate, true);
    const other = await call('POST', '/api/v1/reports', { token, body: { ...report, progress: '另一内容' } });
    assert.strictEqual(other.status, 409);
    assert.strictEqual(other.json.errors[0].code, 'conflict');
  });
  await step('any figure leads to its reports, and each report to its entry in the ledger', async () => {
    await go('board', 'section.panel');
    await page.locator('.target', { hasText: '宁夏特色产品销售额' }).getByRole('link').click();
    await page.getByText('由这些报送构成').waitFor();
    await accessible('figure');
    await shot('08-figure');
    const row = page.locator('tbody tr', { hasText: '盖山镇' }).first();
    await row.getByRole('link', { name: /№/ }).click();
    await page.getByText('集中采购').waitFor();
    const seq = Number(/第 (\d+) 条/.exec(await page.locator('h1').innerText())[1]);
    const entry = json('tail', 'entries', '--from', String(seq)).find((one) => one.seq === seq);
    assert.strictEqual(entry.body.report.progress, '集中采购');
    const text = await page.locator('main').innerText();
    assert.strictEqual(receipt.seq, seq);
    assert.match(receipt.content_hash, /^[0-9a-f]{64}$/);
    assert.ok(text.includes(receipt.content_hash), 'the hash on the page is the receipt’s');
    await accessible('entry');
    await shot('09-entry');
  });
  await step('after the 25th the late list names who owes exactly what', async () => {
    minning('clock', 'advance', '2021-08-27T10:00');
    await go('late', 'table');
    await page.locator('tr', { hasText: '建新镇' }).filter({ hasText: '结对帮扶' }).getByText('逾期').waitFor();
    const want = json('late').length;
    await until('every late row', async () => (await page.locator('tbody tr').count()) === want);
    assert.match(await page.locator('tr', { hasText: '建新镇' }).filter({ hasText: '结对帮扶' }).innerText(), /镇级结对帮扶资金、村级结对帮扶资金/);
    await accessible('late');
    await shot('10-late');
  });
  await step('a table leaves as CSV that a sheet reads: BOM, the same rows, no formulas', async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '导出 CSV' }).first().click()]);
    const text = fs.readFileSync(await download.path(), 'utf8');
    assert.ok(text.startsWith('\ufeff单位,任务,报送期'));
    assert.strictEqual(text.trim().split('\r\n').length, json('late').length + 1);
  });
  await step('the matrix of units and months tells what each owes', async () => {
    await go('matrix', 'table');
    assert.strictEqual(await page.locator('tbody tr').count(), 28);
    await page.locator('tr', { hasText: '城门镇' }).getByText('已报 3/3').waitFor();
    await page.locator('tr', { hasText: '建新镇' }).getByText('逾期 3/3').waitFor();
    await accessible('matrix');
    await shot('11-matrix');
  });
  await step('a receipt that two claim counts once; the coordinator credits the other, with a reason, in the ledger', async () => {
    const row = (day) => ({ task: 'donation', period: '2021-08', progress: '募集', explanations: [{ code: 'no_evidence', text: '后补' }], figures: [{ indicator: 'raised', items: [{ key_kind: 'receipt', key: 'HX-001', fact_day: day, amount: '1万元' }] }] });
    const answer = await call('POST', '/api/v1/reports', { token, body: row('2021-08-04') });
    assert.strictEqual(answer.status, 200, answer.text);
    await go('claims', 'table');
    await page.locator('tr', { hasText: '城门镇' }).getByText('计入（先报）').waitFor();
    await page.locator('tr', { hasText: '盖山镇' }).getByText('不计入').waitFor();
    await accessible('claims');
    await shot('18-claims');
    page.once('dialog', (dialog) => dialog.accept('凭证抬头为盖山镇'));
    await page.locator('tr', { hasText: '盖山镇' }).getByRole('button', { name: /认定/ }).click();
    await until('the credit in the ledger', async () => json('tail', 'entries', '--kind', 'claim_credited').length === 1);
    const entry = json('tail', 'entries', '--kind', 'claim_credited')[0];
    assert.strictEqual(entry.body.actor.officer, 'office');
    assert.strictEqual(entry.body.actor.credential, 'session');
    await go('claims/all', 'table');
    await page.locator('tr', { hasText: '盖山镇' }).getByText('计入（已认定）').waitFor();
  });
  await step('the coordinator returns a report with a reason; the clerk sees why and sends it again; it is approved and then locked', async () => {
    await go('history/consumption/2021-08/350104101', 'table');
    await page.getByRole('button', { name: '退回' }).click();
    await page.getByRole('alert').waitFor(); // a return has a reason
    await page.getByLabel('理由').fill('请附销售凭证');
    await accessible('decision');
    await page.getByRole('button', { name: '退回' }).click();
    await page.getByText('退回原因：').waitFor();
    await shot('15-decision');
    const entry = json('tail', 'entries', '--kind', 'report_decided').pop();
    assert.strictEqual(entry.body.actor.officer, 'office');
    assert.strictEqual(entry.body.actor.credential, 'session');
    await login('chengmen.clerk');
    await page.locator('article', { hasText: '消费帮扶' }).getByText('请附销售凭证').waitFor();
    await shot('16-returned');
    await go('report/consumption/2021-08', 'input.amount');
    await page.locator('input.amount').first().fill('14万元');
    await page.getByText('可以提交').waitFor();
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByText('已收到，校验通过').waitFor();
    await login('office');
    await page.waitForSelector('section.panel');
    await go('history/consumption/2021-08/350104101', 'table');
    await page.getByRole('button', { name: '通过' }).click();
    await page.getByText('通过 · ').first().waitFor();
    const status = await page.evaluate(async () => {
      const me = await (await fetch('/api/v1/me')).json();
      return (await fetch('/api/v1/decisions', { method: 'POST', headers: { 'X-CSRF-Token': me.csrf }, body: JSON.stringify({ decision: 'approved', unit: 'nyncj', task: 'consumption', period: '2021-08', revision: 1 }) })).status;
    });
    assert.strictEqual(status, 403, 'the coordinator decides on its own unit');
  });
  await step('more time is granted until a day, and the deadline moves', async () => {
    await go('history/consumption/2021-08/350104103', 'h1');
    await page.getByLabel('延期至').fill('2021-08-30');
    await page.getByLabel('理由').fill('台风停工');
    await page.getByRole('button', { name: '准予延期' }).click();
    await page.getByText('2021-08-30 24:00').first().waitFor();
  });
  await step('warnings are told with level, rung and sentence', async () => {
    await go('warnings', 'table');
    assert.ok((await page.locator('tbody tr').count()) > 10);
    for (const state of await page.locator('tbody tr td:last-child').allInnerTexts()) assert.match(state, /^[\u4e00-\u9fff]+$/);
    await accessible('warnings');
    await shot('12-warnings');
  });
  await step('a page prints on A4 without its tools', async () => {
    await go('late', 'table');
    await page.emulateMedia({ media: 'print' });
    assert.strictEqual(await page.locator('.nav').isVisible(), false);
    assert.strictEqual(await page.getByRole('button', { name: '导出 CSV' }).isVisible(), false);
    await shot('13-print');
    await page.emulateMedia({ media: 'screen' });
  });

  // --- operators and auditors ---
  await step('an operator sees every service, its position, lag, store and Redis', async () => {
    await login('ops');
    await page.getByRole('heading', { name: '运行状况' }).waitFor();
    const rows = page.locator('table', { hasText: '滞后' }).locator('tbody tr');
    await until('every service well', async () => (await rows.count()) === 8 && (await rows.filter({ hasText: '正常' }).count()) === 8);
    await accessible('services');
    await shot('14-services');
  });
  await step('an auditor reads everything and sends nothing', async () => {
    await login('audit');
    await page.waitForSelector('section.panel');
    assert.strictEqual(await page.getByRole('link', { name: '我的任务' }).count(), 0);
    const status = await page.evaluate(async () => {
      const me = await (await fetch('/api/v1/me')).json();
      return (await fetch('/api/v1/reports', { method: 'POST', headers: { 'X-CSRF-Token': me.csrf }, body: '{"task":"consumption","period":"2021-08"}' })).status;
    });
    assert.strictEqual(status, 403);
  });
  await step('a login that is revoked is out at once, with the page open', async () => {
    minning('user', 'revoke', 'audit');
    await until('the session to end', async () => (await page.evaluate(async () => (await fetch('/api/v1/me')).status)) === 401);
  });
  await step('logging out ends the session for whoever kept the cookie', async () => {
    await login('office');
    await page.waitForSelector('section.panel');
    const cookie = (await context.cookies())[0];
    assert.strictEqual(cookie.httpOnly, true);
    assert.strictEqual(cookie.sameSite, 'Strict');
    await page.getByRole('button', { name: '退出' }).click();
    await page.getByRole('heading', { name: '登录' }).waitFor();
    const kept = await call('GET', '/api/v1/me', { headers: { Cookie: `${cookie.name}=${cookie.value}` } });
    assert.strictEqual(kept.status, 401);
  });
  await step('no page threw, and nothing was blocked by the content security policy', async () => assert.deepStrictEqual(errors, []));
  await close();

  await step('the scripts of the pages are ES2018, for browsers of 2020', async () => {
    const html = (await call('GET', '/')).text;
    const scripts = [...html.matchAll(/<script src="([^"]+)"/g)].map((found) => found[1]);
    assert.ok(scripts.length > 5);
    scripts.push(...fs.readdirSync('services/console/pages/vendor').filter((name) => name.endsWith('.js')).map((name) => `/vendor/${/^[a-z]+-[0-9.]+[0-9]/.exec(name)[0]}.js`));
    for (const at of scripts) require('acorn').parse((await call('GET', at)).text, { ecmaVersion: 2018 });
  });

  // --- the HTTP edge by hand ---
  const head = (lines) => `${lines.join('\r\n')}\r\n\r\n`;
  await step('what two readers could read in two ways is refused before routing', async () => {
    const post = ['POST /api/v1/login HTTP/1.1', 'Host: a'];
    const cases = [[head([...post, 'Content-Length: 2', 'Content-Length: 3']), 400], [head([...post, 'Content-Length: 2', 'Transfer-Encoding: chunked']), 501],
      [head([...post, 'Content-Length : 2']), 400], [head([...post, 'X-A: 1', ' folded', 'Content-Length: 2']), 400], [head([...post, 'Host: b', 'Content-Length: 2']), 400],
      [head(['GET /\0 HTTP/1.1', 'Host: a']), 400], [head(['GET / HTTP/1.1', 'Host: a', 'X-A: b\0c']), 400], [head(['GET / HTTP/1.1']), 400], [head(['PUT / HTTP/1.1', 'Host: a']), 405],
      [head([...post]), 411], [head([...post, 'Content-Length: 99999999']), 413], ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400], [`GET /${'a'.repeat(4000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
      [`GET / HTTP/1.1\r\nHost: a\r\n${'X-A: b\r\n'.repeat(100)}\r\n`, 431], [`GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'b'.repeat(20000)}\r\n\r\n`, 431]];
    for (const [bytes, want] of cases) assert.strictEqual(statusOf(await raw(bytes)), want, JSON.stringify(bytes.slice(0, 90)));
  });
  await step('a second request behind the first is not answered: it was not looked at', async () => {
    const answer = await raw(`${head(['GET /healthz HTTP/1.1', 'Host: a'])}${head(['GET /metrics HTTP/1.1', 'Host: a'])}`);
    assert.strictEqual(answer.match(/HTTP\/1\.1/g).length, 1);
  });
  await step('a head that dribbles in is cut off after ten seconds, others are served meanwhile', async () => {
    const began = Date.now();
    const slow = raw('GET /healthz HTTP/1.1\r\nHost: a\r\nX-');
    while (Date.now() - began < 3000) assert.strictEqual((await call('GET', '/healthz')).status, 200);
    await slow;
    const took = Date.now() - began;
    assert.ok(took > 9000 && took < 15000, `${took} ms`);
  });
  await step('hostile JSON is refused with its code and place', async () => {
    const bad = async (body) => call('POST', '/api/v1/reports/check', { token, body });
    assert.strictEqual((await bad('{"task":"a","task":"b"}')).json.errors[0].code, 'bad_json');
    assert.strictEqual((await bad(`${'['.repeat(100000)}`)).json.errors[0].code, 'bad_json');
    assert.strictEqual((await bad({ task: 'consumption', period: '2021-08', figures: [{ indicator: 'sales', amount: 1.5 }] })).json.errors[0].code, 'wrong_type');
    const far = await bad({ task: 'consumption', period: '2021-08', unheard: 1 });
    assert.strictEqual(far.status, 422);
    assert.strictEqual(far.json.errors[0].path, 'unheard');
  });
  await step('five wrong passwords lock the login, and the answer says for how long', async () => {
    for (let attempt = 0; attempt < 5; attempt += 1) await call('POST', '/api/v1/login', { body: { login: 'office', secret: 'wrong wrong' } });
    const answer = await call('POST', '/api/v1/login', { body: { login: 'office', secret: PASSWORD } });
    assert.strictEqual(answer.status, 429);
    assert.strictEqual(answer.json.errors[0].code, 'locked_out');
    assert.ok(Number(answer.json.errors[0].args[0]) > 20);
  });
  await step('answers keep what /openapi.json promises', async () => {
    const document = (await call('GET', '/openapi.json')).json;
    assert.strictEqual(document.openapi, '3.0.3');
    const seq = json('figures', 'sales')[0];
    const asked = { '/api/v1/me': '', '/api/v1/plan': '', '/api/v1/amount': '?text=0.3%E4%BA%BF&indicator=sales', '/api/v1/obligations': '', '/api/v1/late': '', '/api/v1/progress': '', '/api/v1/figures': '?indicator=sales', '/api/v1/standing': '?task=consumption&period=2021-08', '/api/v1/warnings': '', '/api/v1/decisions': '', '/api/v1/sheets/template': '' };
    assert.ok(seq);
    for (const [where, query] of Object.entries(asked)) {
      const answer = await call('GET', where + query, { token });
      assert.strictEqual(answer.status, 200, `${where}: ${answer.text.slice(0, 200)}`);
      assert.strictEqual(broken(document, document.paths[where].get.responses['200'].content['application/json'].schema, answer.json), null, where);
    }
    const checked = await call('POST', '/api/v1/reports/check', { token, body: { task: 'donation', period: '2021-08', figures: [{ indicator: 'raised', amount: '1万元' }] } });
    assert.strictEqual(broken(document, document.paths['/api/v1/reports/check'].post.responses['200'].content['application/json'].schema, checked.json), null);
    const sheet = await call('POST', '/api/v1/sheets/check', { token, body: { csv: '任务,报送期,指标,本月数(万元)\n社会帮扶,2021-08,募集资金,约1\n消费帮扶,2021-08,宁夏特色产品销售额,1\n' } });
    assert.strictEqual(broken(document, document.paths['/api/v1/sheets/check'].post.responses['200'].content['application/json'].schema, sheet.json), null);
    assert.ok(sheet.json.reports.some((one) => one.faults.some((fault) => fault.code === 'bad_amount' && fault.row === 2 && fault.column === 4)), sheet.text);
    const refused = await call('GET', '/api/v1/figures', { token });
    assert.strictEqual(broken(document, document.components.schemas.errors, refused.json), null);
    const described = Object.keys(document.paths).filter((where) => where.startsWith('/api'));
    for (const where of described) assert.ok((await call(document.paths[where].get ? 'GET' : 'POST', where.replace('{seq}', '1'), {})).status !== 404, where);
  });
  await step('two hundred clerks at once on the evening of the 25th', async () => {
    const began = process.hrtime.bigint();
    const times = [];
    const one = async (number) => {
      const start = process.hrtime.bigint();
      const answer = await call('POST', '/api/v1/reports/check', { token, body: { task: 'donation', period: '2021-08', figures: [{ indicator: 'raised', amount: `${number + 1}万元` }] } });
      assert.strictEqual(answer.status, 200, answer.text);
      times.push(Number(process.hrtime.bigint() - start) / 1e6);
    };
    await Promise.all(Array.from({ length: 200 }, (unused, number) => one(number)));
    const whole = Number(process.hrtime.bigint() - began) / 1e6;
    times.sort((a, b) => a - b);
    console.log(`   200 checks at once: ${Math.round(whole)} ms in all, half within ${Math.round(times[99])} ms, the slowest ${Math.round(times[199])} ms`);
    assert.ok(whole < 10000);
  });
  end();
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
