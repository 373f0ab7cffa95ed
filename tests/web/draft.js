// Approval inside the unit, in a real browser: a clerk's draft, the approver who gives it back or sends it.
'use strict';
const assert = require('assert');
const fs = require('fs');
const { home, minning, json, step, end, person, until, visit, call } = require('./kit');

const PASSWORD = '闽宁协作 2021 口令';
[['chengmen.clerk', 'clerk', '城门镇'], ['chengmen.other', 'clerk', '城门镇'], ['chengmen.boss', 'approver', '城门镇'], ['gaishan.boss', 'approver', '盖山镇']].forEach((one) => person(PASSWORD, ...one));
const token = json('token', 'new', '盖山镇')[0].token;

(async () => {
  const { context, page, errors, close, shot, accessible, go, login } = await visit(PASSWORD);
  const post = (path, body) => page.evaluate(async ([where, what]) => {
    const me = await (await fetch('/api/v1/me')).json();
    const response = await fetch(where, { method: 'POST', headers: { 'X-CSRF-Token': me.csrf, 'Content-Type': 'application/json' }, body: JSON.stringify(what) });
    return { status: response.status, json: await response.json() };
  }, [path, body]);
  const get = (path) => page.evaluate(async (where) => (await fetch(where)).json(), path);

  await step('what is typed is kept by itself, and is there again after vault and console were killed', async () => {
    await login('chengmen.clerk');
    await go('report/consumption/2021-08', 'input.amount');
    await page.locator('input.amount').first().fill('12.5万元');
    await page.getByLabel('进展').fill('组织镇机关采购隆德特产');
    await page.getByText('草稿已保存').waitFor();
    const running = () => {
      try { const all = json('status')[0]; return [all.vault.pid, all.console.pid]; } catch (error) { return []; } // not well: exit 69
    };
    const pids = running();
    assert.strictEqual(pids.length, 2);
    pids.forEach((pid) => process.kill(pid, 'SIGKILL'));
    await until('both to be back', async () => running().length === 2 && !running().some((pid) => pids.includes(pid)));
    await login('chengmen.clerk');
    await page.locator('article', { hasText: '消费帮扶' }).getByText('草稿：chengmen.clerk').waitFor();
    await go('report/consumption/2021-08', 'input.amount');
    assert.strictEqual(await page.locator('input.amount').first().inputValue(), '12.5万元');
    assert.strictEqual(await page.getByLabel('进展').inputValue(), '组织镇机关采购隆德特产');
    await accessible('form with a draft');
    await shot('30-draft');
  });
  await step('a clerk cannot send where approval is asked for, whatever his browser does', async () => {
    const answer = await post('/api/v1/reports', { task: 'consumption', period: '2021-08', prepared_by: '林某某', reviewed_by: '陈某某', figures: [{ indicator: 'sales', amount: '1万元' }], explanations: [{ code: 'no_evidence', text: '后补' }] });
    assert.strictEqual(answer.status, 403);
    assert.strictEqual(answer.json.errors[0].code, 'approval_needed');
    const sent = await post('/api/v1/drafts/send', { task: 'consumption', period: '2021-08', version: 1 });
    assert.strictEqual(sent.status, 403);
  });
  await step('who prepares it has to be named before it is handed over; who reviews it is named later', async () => {
    await page.locator('[data-explains=no_evidence]').fill('发票月底汇总后补交');
    await page.locator('[data-code=name_missing]').waitFor();
    assert.strictEqual(await page.locator('[data-code=name_missing]').count(), 1);
    await page.getByLabel('填报人').fill('林某某');
    await page.getByText('可以提交').waitFor();
    await shot('31-hand-over');
    await page.getByRole('button', { name: '提交审核' }).click();
    await page.getByRole('heading', { name: /城门镇/ }).waitFor();
    await page.locator('article', { hasText: '消费帮扶' }).getByText('待审核').waitFor();
    assert.strictEqual(json('tail', 'entries', '--kind', 'report_received').length, 0);
    await accessible('tasks with a draft');
    await shot('32-handed');
  });
  await step('the approver sees what changed, gives it back with a reason, and the clerk reads it', async () => {
    await login('chengmen.boss');
    await page.getByRole('link', { name: '审核', exact: true }).click();
    await page.locator('tbody tr', { hasText: '消费帮扶' }).getByText('chengmen.clerk').waitFor();
    await accessible('approve list');
    await shot('33-approve-list');
    await page.locator('tbody tr', { hasText: '消费帮扶' }).getByRole('link', { name: '审核' }).click();
    await page.getByText('校验通过').waitFor();
    await page.locator('tr.changed', { hasText: '宁夏特色产品销售额' }).getByText('12.5万元').waitFor();
    await accessible('approve');
    await shot('34-approve');
    await page.getByRole('button', { name: '退回修改' }).click();
    await page.getByRole('alert').getByText('请写明').waitFor();
    await page.getByLabel('退回修改的原因').fill('金额与发票不符');
    await page.getByRole('button', { name: '退回修改' }).click();
    await page.getByText('没有待审核的报告').waitFor();
    await login('chengmen.clerk');
    await page.locator('article', { hasText: '消费帮扶' }).getByText('金额与发票不符').waitFor();
    await shot('35-back');
  });
  await step('two clerks at one draft: who comes second is told, nothing is overwritten', async () => {
    const draft = (await get('/api/v1/drafts?task=consumption&period=2021-08')).rows[0];
    const mine = await post('/api/v1/drafts', { task: 'consumption', period: '2021-08', version: draft.version, state: 'kept', report: draft.report });
    assert.strictEqual(mine.status, 200);
    const late = await post('/api/v1/drafts', { task: 'consumption', period: '2021-08', version: draft.version, state: 'kept', report: draft.report });
    assert.strictEqual(late.status, 409);
    assert.strictEqual(late.json.errors[0].code, 'draft_changed');
    assert.match(late.json.errors[0].zh, /chengmen\.clerk/);
  });
  await step('mended and handed over again, it is sent under both logins and three names; the draft is gone', async () => {
    await go('report/consumption/2021-08', 'input.amount');
    await page.locator('input.amount').first().fill('12.3万元');
    await page.getByText('可以提交').waitFor();
    await page.getByRole('button', { name: '提交审核' }).click();
    await page.locator('article', { hasText: '消费帮扶' }).getByText('待审核').waitFor();
    await login('chengmen.boss');
    await go('approve/consumption/2021-08', 'h1');
    await page.getByRole('button', { name: '审核通过并报送' }).click();
    await page.getByRole('alert').getByText('审核人').waitFor(); // the approver's own name
    await page.getByLabel('审核人').fill('陈某某');
    await page.getByLabel('负责人').fill('王某某');
    await page.getByRole('button', { name: '审核通过并报送' }).click();
    await page.getByText('已收到，校验通过').waitFor();
    await shot('36-approved-receipt');
    const body = json('tail', 'entries', '--kind', 'report_received').pop().body;
    assert.strictEqual(body.login, 'chengmen.boss');
    assert.strictEqual(body.drafted_by, 'chengmen.clerk');
    assert.ok(body.report.prepared_by.hash && body.report.reviewed_by.hash && body.report.signed_by.hash);
    assert.ok(!JSON.stringify(body).includes('某某'), 'a name stands in the ledger');
    await until('the draft to be gone', async () => (await get('/api/v1/drafts')).rows.length === 0);
  });
  await step('sent twice at once it is one report: the other hears the same receipt, or that the draft is gone', async () => {
    const received = () => json('tail', 'entries', '--kind', 'report_received');
    await login('chengmen.clerk');
    const report = { submission_id: '0190a1b2c3d4e5f60718293a4b5c6d7e', task: 'consumption', period: '2021-08', replaces: 1, prepared_by: '林某某', figures: [{ indicator: 'sales', amount: '14万元' }], explanations: [{ code: 'no_evidence', text: '后补' }] };
    const put = await post('/api/v1/drafts', { task: 'consumption', period: '2021-08', version: 0, state: 'handed', report });
    assert.strictEqual(put.status, 200, JSON.stringify(put.json));
    await login('chengmen.boss');
    const before = received().length, sending = { task: 'consumption', period: '2021-08', version: put.json.version, reviewed_by: '陈某某' };
    const answers = await page.evaluate(async (what) => {
      const me = await (await fetch('/api/v1/me')).json();
      return Promise.all([1, 2, 3].map(async () => {
        const response = await fetch('/api/v1/drafts/send', { method: 'POST', headers: { 'X-CSRF-Token': me.csrf, 'Content-Type': 'application/json' }, body: JSON.stringify(what) });
        return { status: response.status, json: await response.json() };
      }));
    }, sending);
    const taken = answers.filter((one) => one.status === 200);
    assert.ok(taken.length >= 1, JSON.stringify(answers));
    assert.strictEqual(new Set(taken.map((one) => one.json.receipt.seq)).size, 1);
    answers.filter((one) => one.status !== 200).forEach((one) => assert.strictEqual(one.json.errors[0].code, 'draft_gone'));
    assert.strictEqual(received().length, before + 1);
    assert.strictEqual(json('tail', 'verdicts', '--kind', 'report_accepted').filter((one) => one.cause_seq === taken[0].json.receipt.seq).length, 1);
    await until('the draft to be gone', async () => (await get('/api/v1/drafts?task=consumption&period=2021-08')).rows.length === 0);
    assert.strictEqual((await post('/api/v1/drafts/send', sending)).status, 409);
    // sent, and the console died before the draft was dropped: sent again it is the same report, and the draft is gone then
    await login('chengmen.clerk');
    const again = await post('/api/v1/drafts', { task: 'consumption', period: '2021-08', version: 0, state: 'handed', report });
    await login('chengmen.boss');
    const repeated = await post('/api/v1/drafts/send', { ...sending, version: again.json.version });
    assert.deepStrictEqual([repeated.status, (repeated.json.receipt || {}).seq, (repeated.json.receipt || {}).duplicate], [200, taken[0].json.receipt.seq, true]);
    assert.strictEqual(received().length, before + 1);
    await until('the draft to be gone again', async () => (await get('/api/v1/drafts?task=consumption&period=2021-08')).rows.length === 0);
  });
  await step('a draft that a newer report has overtaken is told so, to the clerk and to the approver', async () => {
    await login('chengmen.clerk');
    const report = { task: 'donation', period: '2021-08', prepared_by: '林某某', figures: [{ indicator: 'raised', amount: '2万元' }], explanations: [{ code: 'no_evidence', text: '后补' }], replaces: 0 };
    const put = await post('/api/v1/drafts', { task: 'donation', period: '2021-08', version: 0, state: 'handed', report });
    assert.strictEqual(put.status, 200);
    // the unit's own key is the unit: it reports by itself, with the names in it
    minning('key', 'new', '350104101');
    minning('unit', 'add', '350104101', `${home}/units/350104101.pub`);
    fs.writeFileSync(`${home}/r.json`, JSON.stringify({ ...report, reviewed_by: '陈某某', figures: [{ indicator: 'raised', amount: '3万元' }] }));
    minning('report', 'send', `${home}/r.json`, '--unit', '城门镇');
    await go('report/donation/2021-08', 'input.amount');
    await page.getByText('现在是第 1 版').waitFor();
    await login('chengmen.boss');
    await go('approve', 'table');
    await page.getByText('已有更新的报送').waitFor();
    await go('approve/donation/2021-08', 'h1');
    await page.getByText('已有第 1 版报送').waitFor();
    assert.strictEqual(await page.getByRole('button', { name: '审核通过并报送' }).isDisabled(), true);
    await shot('37-overtaken');
    const draft = (await get('/api/v1/drafts?task=donation&period=2021-08')).rows[0];
    const sent = await post('/api/v1/drafts/send', { task: 'donation', period: '2021-08', version: draft.version, reviewed_by: '陈某某' });
    assert.strictEqual(sent.status, 422);
    assert.strictEqual(sent.json.verdict.reasons[0].code, 'superseded');
    await until('it to be kept', async () => (await get('/api/v1/drafts')).rows.length === 1);
  });
  await step('nobody approves what he wrote himself, and nobody sees another unit’s drafts', async () => {
    const put = await post('/api/v1/drafts', { task: 'pairing', period: '2021-08', version: 0, state: 'handed', report: { task: 'pairing', period: '2021-08', prepared_by: '陈某某', figures: [] } });
    const sent = await post('/api/v1/drafts/send', { task: 'pairing', period: '2021-08', version: put.json.version, reviewed_by: '陈某某' });
    assert.strictEqual(sent.status, 403);
    assert.strictEqual(sent.json.errors[0].code, 'drafter_missing');
    await login('gaishan.boss');
    assert.strictEqual((await get('/api/v1/drafts')).rows.length, 0);
  });
  await step('“no change” in one click goes to the approver', async () => {
    await login('chengmen.other');
    await go('tasks', 'article.task');
    page.on('dialog', (dialog) => dialog.accept('张某某'));
    await page.locator('article', { hasText: '结对帮扶' }).getByRole('button', { name: '无变化' }).click();
    await page.locator('article', { hasText: '结对帮扶' }).getByText('chengmen.other').waitFor();
    const draft = (await get('/api/v1/drafts?task=pairing&period=2021-08')).rows[0];
    assert.strictEqual(draft.state, 'handed');
    assert.match(draft.report.prepared_by, /某某/);
  });
  await step('a program’s token is the unit: it sends, and is told which names the plan asks for', async () => {
    const report = { task: 'consumption', period: '2021-08', figures: [{ indicator: 'sales', amount: '5万元' }], explanations: [{ code: 'no_evidence', text: '后补' }] };
    const without = await call('POST', '/api/v1/reports', { token, body: report });
    assert.strictEqual(without.status, 422);
    assert.deepStrictEqual(without.json.verdict.reasons.map((one) => one.code), ['name_missing', 'name_missing']);
    assert.strictEqual((await call('POST', '/api/v1/reports', { token, body: { ...report, prepared_by: '甲', reviewed_by: '乙' } })).status, 200);
    assert.strictEqual((await call('GET', '/api/v1/drafts', { token })).status, 403);
  });
  await step('many reports from a file are handed over, a lost line hands nothing over twice, and a draft that is there is not written over', async () => {
    person(PASSWORD, 'gaishan.clerk', 'clerk', '盖山镇');
    const why = 'no_evidence：后补', before = json('tail', 'entries', '--kind', 'report_received').length;
    const csv = ['任务,报送期,指标,分项,本月数（万元）,无变化,进展,情况说明,填报人', `社会帮扶,2021-08,募集资金,,2,,募集,${why},林某某`, `结对帮扶,2021-08,镇级结对帮扶资金,盖山镇,1,,对接,${why},林某某`,
      '结对帮扶,2021-08,村级结对帮扶资金,盖山镇结对村1（待定）,,是,,,', '结对帮扶,2021-08,村级结对帮扶资金,盖山镇结对村2（待定）,,是,,,'].join('\n');
    const file = { name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) };
    await login('gaishan.clerk');
    await page.waitForSelector('article.task');
    await go('upload', '.drop');
    await page.getByLabel('选择文件').setInputFiles(file);
    await page.getByText('可以提交审核 2').waitFor();
    await accessible('upload to be approved');
    const posted = [];
    await page.route('**/api/v1/drafts', async (route) => {
      if (route.request().method() === 'POST') posted.push(route.request().postDataJSON().task);
      if (route.request().method() !== 'POST' || posted.length > 1) { await route.continue(); return; }
      await route.fetch(); // kept, but nobody hears of it
      await route.abort();
    });
    await page.getByRole('button', { name: '全部提交审核（2 份）' }).click();
    await page.getByText('本次报送结束').waitFor();
    await page.unroute('**/api/v1/drafts');
    await shot('38-upload-handed');
    const drafts = (await get('/api/v1/drafts')).rows;
    assert.deepStrictEqual(drafts.map((one) => `${one.task} ${one.state}`).sort(), ['donation handed', 'pairing handed']);
    assert.strictEqual(posted.length, 2, `each once: ${posted}`);
    assert.strictEqual(json('tail', 'entries', '--kind', 'report_received').length, before);
    await page.getByLabel('选择文件').setInputFiles({ ...file, buffer: Buffer.from(csv.replace(',2,,募集', ',3,,募集')) });
    await page.getByText('可以提交审核 2').waitFor();
    await page.getByRole('button', { name: '全部提交审核（2 份）' }).click();
    await page.getByText('填报页已有草稿').first().waitFor();
    assert.strictEqual((await get('/api/v1/drafts?task=donation&period=2021-08')).rows[0].report.figures[0].amount, 2000000);
    await go('report/donation/2021-08', 'input.amount');
    assert.strictEqual(await page.locator('input.amount').first().inputValue(), '2万元');
    assert.strictEqual(await page.getByLabel('填报人').inputValue(), '林某某');
    await login('gaishan.boss');
    await go('approve/donation/2021-08', 'h1');
    await page.getByLabel('审核人').fill('陈某某');
    await page.getByRole('button', { name: '审核通过并报送' }).click();
    await page.getByText('已收到，校验通过').waitFor();
    const entry = json('tail', 'entries', '--kind', 'report_received').pop();
    assert.strictEqual(entry.body.drafted_by, 'gaishan.clerk');
    assert.strictEqual(entry.body.report.figures[0].amount, 2000000);
  });
  await step('what was held when a session ended takes nobody’s place by itself: somebody else has kept a draft meanwhile', async () => {
    await login('chengmen.clerk');
    await go('report/donation/2021-08', 'input.amount');
    await page.getByLabel('填报人').fill('林某某');
    await page.getByLabel('进展').fill('甲写的');
    await page.getByText('草稿已保存').waitFor();
    await context.clearCookies();
    await page.getByLabel('进展').fill('甲写的，还没写完');
    await page.getByLabel('登录名').waitFor();
    const entered = await call('POST', '/api/v1/login', { body: { login: 'chengmen.other', secret: PASSWORD } });
    const headers = { Cookie: entered.headers.get('set-cookie').split(';')[0], 'X-CSRF-Token': entered.json.csrf };
    const draft = async () => (await call('GET', '/api/v1/drafts?task=donation&period=2021-08', { headers })).json.rows[0];
    const before = await draft();
    const put = await call('POST', '/api/v1/drafts', { headers, body: { task: 'donation', period: '2021-08', version: before.version, state: 'handed', report: { ...before.report, progress: '乙写的' } } });
    assert.strictEqual(put.status, 200, put.text);
    await page.getByLabel('登录名').fill('chengmen.clerk');
    await page.getByLabel('口令或一次性登录码').fill(PASSWORD);
    await page.getByLabel('口令或一次性登录码').press('Enter');
    await page.locator('.draftsaid').getByText('尚未保存').waitFor();
    assert.strictEqual(await page.getByLabel('进展').inputValue(), '甲写的，还没写完');
    await page.waitForTimeout(4000); // a draft is kept by itself after three seconds
    assert.deepStrictEqual([(await draft()).version, (await draft()).state, (await draft()).report.progress], [put.json.version, 'handed', '乙写的']);
    await page.getByRole('button', { name: '删除草稿' }).click();
    await page.getByText('草稿已删除').waitFor();
  });
  await step('names that a tab remembers are not shown to who logs in after a session ended', async () => {
    await login('chengmen.clerk');
    await go('report/consumption/2021-08', 'input.amount');
    await page.getByLabel('填报人').fill('林某某');
    await page.getByText('草稿已保存').waitFor();
    assert.ok((await page.evaluate('JSON.stringify(sessionStorage)')).includes('林某某'));
    await context.clearCookies();
    await page.getByLabel('进展').fill('过期');
    await page.getByLabel('登录名').waitFor();
    await page.getByLabel('登录名').fill('gaishan.boss');
    await page.getByLabel('口令或一次性登录码').fill(PASSWORD);
    await page.getByLabel('口令或一次性登录码').press('Enter');
    await until('the page that it opens by itself', () => page.evaluate('!!M.me && !!M.plan && location.hash !== "#/login"'));
    assert.ok(!(await page.evaluate('JSON.stringify(sessionStorage)')).includes('林某某'));
  });
  await step('no page threw', async () => assert.deepStrictEqual(errors.filter((one) => !/INCOMPLETE_CHUNKED/.test(one)), [])); // the console was killed
  await close();
  end();
})().catch((error) => { console.error(error); process.exitCode = 1; });
