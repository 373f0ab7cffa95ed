// Sheets at the console: tables out as CSV and XLSX, files of reports in, charts beside their tables.
'use strict';
const assert = require('assert');
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { base, home, web, minning, json, step, end, call, until, visit, person } = require('./kit');
const XLSX = require(path.resolve('services/console/pages/vendor/xlsx-0.20.3.full.min.js'));

const PASSWORD = '闽宁协作 2021 口令';
person(PASSWORD, 'office', 'coordinator');
person(PASSWORD, 'gaishan', 'clerk', '盖山镇');
const cells = (bytes, at = 0) => {
  const book = XLSX.read(bytes, { type: 'buffer' });
  return XLSX.utils.sheet_to_json(book.Sheets[book.SheetNames[at]], { header: 1, raw: true, defval: '' });
};

(async () => {
  const { page, errors, close, shot, accessible, go, login, saved } = await visit(PASSWORD);

  // --- tables out ---
  await step('libraries of others are kept for a year under a name with their version, and only pages that need them load them', async () => {
    for (const at of ['/vendor/xlsx-0.20.3.js', '/vendor/echarts-6.1.0.js']) {
      const answer = await call('GET', at);
      assert.strictEqual(answer.status, 200);
      assert.match(answer.headers.get('cache-control'), /max-age=31536000, immutable/);
      assert.match(answer.headers.get('content-type'), /javascript/);
      assert.match(answer.headers.get('content-security-policy'), /script-src 'self'/);
    }
    const asked = [];
    page.on('request', (request) => { if (request.url().includes('/vendor/')) asked.push(request.url()); });
    await login('office');
    await page.waitForSelector('section.panel');
    await go('matrix', 'table');
    assert.deepStrictEqual(asked.filter((one) => one.includes('xlsx')), []);
  });
  await step('every table leaves as an Excel file too: the same rows, no formulas, and a sheet that says as of when', async () => {
    const file = await saved(() => page.getByRole('button', { name: '导出 Excel' }).click());
    assert.strictEqual(file.name, 'matrix.xlsx');
    const rows = cells(file.bytes), about = cells(file.bytes, 1);
    assert.strictEqual(rows.length, 29);
    assert.strictEqual(rows[0][0], '单位');
    assert.ok(rows.some((row) => row[0] === '城门镇' && /已报 0\/3/.test(row[1])), JSON.stringify(rows[1]));
    assert.ok(about.some((row) => row[0] === '数据截至' && /^2021-08-20 \d\d:\d\d$/.test(row[1])), JSON.stringify(about));
    const csv = await saved(() => page.getByRole('button', { name: '导出 CSV' }).click());
    assert.ok(csv.bytes.toString('utf8').startsWith('\ufeff单位,'));
  });
  // --- files of reports in ---
  const fixture = (name) => path.resolve('tests/web/sheets', name);
  const upload = async (files) => {
    await page.getByLabel('选择文件').setInputFiles(files);
    await page.getByRole('heading', { name: /^三、/ }).waitFor();
  };
  const rowOf = (number) => page.locator('.sheet tbody tr').filter({ has: page.locator('th[scope=row]', { hasText: new RegExp(`^${number}$`) }) });
  const received = () => json('tail', 'entries', '--kind', 'report_received').length;
  await step('the page gives an Excel table to fill in: what is owed, cells as texts, and the same rows as the command line', async () => {
    await login('gaishan');
    await page.waitForSelector('article.task');
    await go('upload', '.drop');
    const file = await saved(() => page.getByRole('button', { name: '下载 Excel 待填表' }).click());
    assert.strictEqual(file.name, '盖山镇-2021-08.xlsx');
    const rows = cells(file.bytes).filter((row) => row.some((cell) => cell !== ''));
    const wanted = minning('report', 'template', '盖山镇').replace('\ufeff', '').trim().split('\r\n').map((line) => line.split(','));
    assert.deepStrictEqual(rows.map((row) => row.slice(0, 10)), wanted.map((row) => row.slice(0, 10)));
    const sheet = XLSX.read(file.bytes, { type: 'buffer', cellNF: true, sheetStubs: true }).Sheets['报送'];
    assert.strictEqual(sheet.J2.z, '@', 'a receipt’s number stays text');
    const csv = await saved(() => page.getByRole('button', { name: '下载 CSV 待填表' }).click());
    assert.strictEqual(csv.bytes.toString('utf8'), minning('report', 'template', '盖山镇'));
    await accessible('upload, empty');
    await shot('30-upload-empty');
  });
  await step('an Excel file is read in the browser: dates, formulas and formats as they are stored, each fault beside its cell', async () => {
    await upload(fixture('gaishan.xlsx'));
    await rowOf(6).locator('td.hard [data-code=bad_amount]').waitFor();
    assert.strictEqual(await rowOf(6).locator('td.hard input').inputValue(), '约12');
    assert.match(await rowOf(3).innerText(), /2 结对帮扶|二 结对帮扶/);
    assert.match(await rowOf(3).innerText(), /2021-08-01/);
    assert.match(await rowOf(4).innerText(), /0\.3(\s|$)/);
    assert.match(await rowOf(3).innerText(), /本月 2\.50 万元，累计 2\.50 万元/);
    assert.match(await rowOf(7).innerText(), /本月 2\.00 万元/);
    assert.strictEqual(await page.getByRole('button', { name: /^全部提交/ }).isDisabled(), true);
    await page.getByRole('button', { name: '只提交无误的（2 份）' }).waitFor();
    await accessible('upload with a fault');
    await shot('31-upload-fault');
  });
  await step('the codes are those of minning report send, cell by cell', async () => {
    const csv = path.join(web, 'gaishan.csv');
    fs.writeFileSync(csv, XLSX.utils.sheet_to_csv(XLSX.read(fs.readFileSync(fixture('gaishan.xlsx'))).Sheets['报送']));
    minning('key', 'new', '350104102');
    minning('unit', 'add', '350104102', path.join(home, 'units/350104102.pub'));
    let told = '';
    try { told = minning('--json', 'report', 'send', csv, '--unit', '350104102', '--check'); } catch (error) { told = String(error.stdout); }
    const wanted = told.trim().split('\n').map((line) => JSON.parse(line)).flatMap((one) => (one.faults || []).map((fault) => `${fault.cell} ${fault.code}`)).sort();
    const seen = await page.evaluate(() => M.upload.checked.reports.flatMap((one) => one.faults.map((fault) => `${M.columnName(fault.column)}${fault.row} ${fault.code}`)).sort());
    assert.deepStrictEqual(seen, wanted);
  });
  await step('a cell is corrected in place, a soft fault gets its explanation, and all are sent: a receipt each', async () => {
    const before = received();
    await rowOf(6).locator('td.hard input').fill('12.5');
    await rowOf(6).locator('[data-explains=no_evidence]').waitFor();
    await shot('32-upload-soft');
    await rowOf(6).locator('[data-explains=no_evidence]').fill('发票月底汇总后补交');
    await rowOf(6).locator('[data-explains=no_evidence]').press('Enter');
    await page.getByRole('button', { name: '全部提交（3 份）' }).click({ timeout: 8000 });
    await page.getByText('本次报送结束').waitFor();
    await until('three receipts', async () => (await page.locator('table', { hasText: '提交编号' }).locator('tbody tr', { hasText: '已报，校验通过' }).count()) === 3);
    assert.strictEqual(received(), before + 3);
    const entry = json('tail', 'entries', '--kind', 'report_received').find((one) => one.body.report.task === 'consumption');
    assert.strictEqual(entry.body.report.figures[0].amount, 12500000);
    assert.deepStrictEqual(entry.body.report.explanations, [{ code: 'no_evidence', text: '发票月底汇总后补交' }]);
    assert.ok(!JSON.stringify(entry).includes('陈某某'), 'a name stands in the ledger');
    await accessible('upload, sent');
    await shot('33-upload-sent');
    const file = await saved(() => page.locator('.tablebox', { hasText: '提交编号' }).getByRole('button', { name: '导出 Excel' }).click());
    assert.strictEqual(cells(file.bytes).length, 4);
  });
  await step('the same table as XLS (BIFF8) and as CSV in GB18030 stands already: nothing counts twice', async () => {
    const before = received();
    await upload(fixture('gaishan.xls'));
    assert.match(await page.locator('main').innerText(), /XLS，/);
    assert.strictEqual(await page.locator('.counts').getByText('此前已报 2').count(), 1, await page.locator('.counts').innerText());
    const gbk = path.join(web, 'gaishan-gb18030.csv');
    const csv = path.join(web, 'gaishan.csv');
    execFileSync('iconv', ['-f', 'UTF-8', '-t', 'GB18030', '-o', gbk, csv]);
    await upload(gbk);
    assert.match(await page.locator('main').innerText(), /GB18030，/);
    assert.strictEqual(await page.locator('.counts').getByText('此前已报 2').count(), 1, await page.locator('.counts').innerText());
    for (const [name, mark] of [['bom.csv', '\ufeff'], ['plain.csv', '']]) {
      await upload({ name, mimeType: 'text/csv', buffer: Buffer.from(mark + fs.readFileSync(csv, 'utf8')) });
      assert.match(await page.locator('main').innerText(), /UTF-8，/);
      assert.strictEqual(await page.locator('.counts').getByText('此前已报 2').count(), 1);
    }
    assert.strictEqual(received(), before);
  });
  // A file as a clerk's own list, made here: heads and rows.
  const made = (name, rows, type = 'xlsx') => {
    const book = XLSX.utils.book_new();
    XLSX.utils.book_append_sheet(book, XLSX.utils.aoa_to_sheet(rows), '报送');
    return { name, mimeType: 'application/octet-stream', buffer: Buffer.from(XLSX.write(book, { type: 'array', bookType: type })) };
  };
  const HEADS = ['任务', '报送期', '指标', '本月数（万元）', '无变化', '进展', '情况说明'], WHY = 'no_evidence：后补';
  await step('a line that is lost in the middle: what was received is not sent again as another, the rest goes on under its own ids', async () => {
    person(PASSWORD, 'luozhou', 'clerk', '螺洲镇');
    const before = received();
    await login('luozhou');
    await page.waitForSelector('article.task');
    await go('upload', '.drop');
    await upload(made('螺洲.xlsx', [HEADS, ['消费帮扶', '2021-08', '宁夏特色产品销售额', 7.5, '', '采购', WHY], ['社会帮扶', '2021-08', '募集资金', 2, '', '募集', WHY]]));
    const ids = [];
    await page.route('**/api/v1/reports', async (route) => {
      const body = route.request().postDataJSON();
      ids.push(`${body.task} ${body.submission_id}`);
      await route.fetch(); // the report arrives, its receipt does not
      await route.abort();
    });
    await page.getByRole('button', { name: '全部提交（2 份）' }).click();
    await page.getByText('连接中断，其余未报').waitFor();
    assert.strictEqual(new Set(ids).size, 1, `one report, one id: ${ids}`);
    assert.strictEqual(ids.length, 4);
    assert.strictEqual(received(), before + 1);
    await shot('34-upload-interrupted');
    await accessible('upload, interrupted');
    await page.unroute('**/api/v1/reports');
    await page.getByRole('button', { name: '继续提交' }).click();
    await page.getByText('本次报送结束').waitFor();
    const receipts = page.locator('table', { hasText: '提交编号' }).locator('tbody tr');
    assert.match(await receipts.nth(0).innerText(), /已报，校验通过（原回执）/);
    assert.match(await receipts.nth(1).innerText(), /已报，校验通过\s/);
    assert.strictEqual(received(), before + 2);
    const total = json('figures', 'sales').filter((one) => one.unit === '350104104').reduce((sum, one) => sum + (one.amount || 0), 0);
    assert.strictEqual(total, 7500000);
  });
  await step('the page is loaded anew in the middle: the same file goes on under the same id', async () => {
    person(PASSWORD, 'jianxin', 'clerk', '建新镇');
    const before = received();
    await login('jianxin');
    await page.waitForSelector('article.task');
    await go('upload', '.drop');
    const file = made('建新.xls', [HEADS, ['消费帮扶', '2021-08', '宁夏特色产品销售额', 3, '', '采购', WHY]], 'biff8');
    let first = '';
    await upload(file);
    await page.route('**/api/v1/reports', async (route) => { first = route.request().postDataJSON().submission_id; await route.abort(); }); // it does not even arrive
    await page.getByRole('button', { name: '全部提交（1 份）' }).click();
    await page.getByText('连接中断，其余未报').waitFor();
    await page.unroute('**/api/v1/reports');
    assert.strictEqual(received(), before);
    await page.reload();
    await upload(file);
    await page.getByRole('button', { name: '全部提交（1 份）' }).click();
    await page.getByText('本次报送结束').waitFor();
    assert.strictEqual(json('tail', 'entries', '--kind', 'report_received').pop().body.report.submission_id, first);
    assert.strictEqual(received(), before + 1);
  });
  await step('the console is killed while reports leave: it comes back, the page goes on by itself, and each report counts once', async () => {
    person(PASSWORD, 'cangshan', 'clerk', '仓山镇');
    const before = received();
    await login('cangshan');
    await page.waitForSelector('article.task');
    await go('upload', '.drop');
    await upload(made('仓山.xlsx', [HEADS, ['消费帮扶', '2021-08', '宁夏特色产品销售额', 4, '', '采购', WHY], ['社会帮扶', '2021-08', '募集资金', 2, '', '募集', WHY]]));
    let killed = 0;
    await page.route('**/api/v1/reports', async (route) => {
      if (killed === 0 && route.request().postDataJSON().task === 'donation') {
        killed = json('status')[0].console.pid;
        await route.fetch(); // it is in the ledger, and nobody lives to say so
        process.kill(killed, 'SIGKILL');
        await route.abort();
      } else await route.continue();
    });
    await page.getByRole('button', { name: '全部提交（2 份）' }).click();
    await page.getByText('本次报送结束').waitFor({ timeout: 15000 });
    await page.unroute('**/api/v1/reports');
    assert.ok(killed > 0);
    await until('both receipts', async () => (await page.locator('table', { hasText: '提交编号' }).locator('tbody tr', { hasText: '已报，校验通过' }).count()) === 2);
    assert.strictEqual(received(), before + 2);
    assert.match(await page.locator('table', { hasText: '提交编号' }).locator('tbody tr').nth(1).innerText(), /（原回执）/);
  });
  await step('only the good rows are sent where one report is wrong; mended, the rest follows', async () => {
    person(PASSWORD, 'shangdu', 'clerk', '上渡街道');
    const before = received();
    await login('shangdu');
    await page.waitForSelector('article.task');
    await go('upload', '.drop');
    await upload(made('上渡.xlsx', [HEADS, ['消费帮扶', '2021-08', '宁夏特色产品销售额', 3, '', '找张三 13812345678', WHY], ['社会帮扶', '2021-08', '募集资金', 1, '', '募集', WHY]]));
    await rowOf(2).locator('td.hard [data-code=mobile_number]').waitFor();
    await page.getByRole('button', { name: '只提交无误的（1 份）' }).click();
    await page.getByText('本次报送结束').waitFor();
    assert.strictEqual(received(), before + 1);
    assert.strictEqual(json('tail', 'entries', '--kind', 'report_received').pop().body.report.task, 'donation');
    await rowOf(2).locator('td.hard input').fill('集中采购');
    await page.getByRole('button', { name: '全部提交（1 份）' }).click();
    await until('both', async () => received() === before + 2);
    await until('both receipts', async () => (await page.locator('table', { hasText: '提交编号' }).locator('tbody tr', { hasText: '已报，校验通过' }).count()) === 2);
  });
  await step('a correction of what stands says which revision it replaces, and becomes the next', async () => {
    await page.getByRole('button', { name: '修改第 3 行' }).click();
    await rowOf(3).getByLabel(/本月数/).fill('1.5');
    await page.getByText('不能报送 1').waitFor();
    await page.getByLabel('含已报（用于更正）').check();
    const file = await saved(() => page.getByRole('button', { name: '下载 Excel 待填表' }).click());
    const rows = cells(file.bytes).filter((row) => row[0]);
    const at = (name) => rows[0].indexOf(name);
    const line = rows.find((row) => row[at('指标')] === '募集资金');
    assert.strictEqual(line[at('修订')], '1');
    line[at('本月数(万元)')] = '1.5';
    line[at('进展')] = '更正';
    line[at('情况说明')] = WHY;
    await upload(made('更正.xlsx', [rows[0], line]));
    await page.getByRole('button', { name: '全部提交（1 份）' }).click();
    await page.getByText('本次报送结束').waitFor();
    const receipts = page.locator('table', { hasText: '提交编号' }).locator('tbody tr');
    assert.match(await receipts.nth(0).innerText(), /已报，校验通过\s+2\s/);
  });
  await step('what a spreadsheet lost, or only shows otherwise, is refused at its cell and never guessed', async () => {
    const sheet = XLSX.utils.aoa_to_sheet([HEADS, ['消费帮扶', '2021-08', '宁夏特色产品销售额', 123456], ['社会帮扶', '2021-08', '募集资金', 0]]);
    sheet.D2.z = '0!.0,"万"'; // 123456 shown as 12.3万
    sheet.D3 = { t: 'e', v: 0x0f, w: '#VALUE!' };
    const book = XLSX.utils.book_new();
    XLSX.utils.book_append_sheet(book, sheet, '报送');
    await upload({ name: '失真.xlsx', mimeType: 'application/octet-stream', buffer: Buffer.from(XLSX.write(book, { type: 'array', bookType: 'xlsx' })) });
    await rowOf(2).locator('td.hard [data-code=bad_amount]').waitFor();
    assert.match(await rowOf(2).locator('td.hard input, td.hard textarea').inputValue(), /^123456（显示为 /);
    await rowOf(3).locator('td.hard [data-code=cell_error]').waitFor();
  });
  await step('WPS’s ET, XML and HTML under the name of XLS, XLSB: read all the same', async () => {
    const rows = [HEADS, ['消费帮扶', '2021-08', '宁夏特色产品销售额', 1.25, '', '采购', WHY]];
    for (const [name, type] of [['a.et', 'biff8'], ['b.xls', 'xlml'], ['c.xlsb', 'xlsb'], ['d.ods', 'ods'], ['e.xls', 'html']]) {
      const file = made(name, rows, type === 'html' ? 'xlsx' : type);
      if (type === 'html') file.buffer = Buffer.from(`<html><head><meta charset="utf-8"></head><body><table>${rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('')}</table></body></html>`);
      await upload(file);
      await page.locator('main').getByText(name).waitFor();
      assert.match(await rowOf(2).innerText(), /四 消费帮扶\s+2021年8月[^]*1\.25/, name);
    }
  });
  await step('a table that was corrected can be kept: the export has what stands in the cells now', async () => {
    await upload(made('f.xlsx', [HEADS, ['消费帮扶', '2021-08', '宁夏特色产品销售额', '约3', '', '采购', WHY]]));
    await rowOf(2).locator('td.hard input').fill('3.5');
    await rowOf(2).locator('td.hard').waitFor({ state: 'detached' });
    const file = await saved(() => page.locator('.sheet').getByRole('button', { name: '导出 Excel' }).click());
    assert.deepStrictEqual(cells(file.bytes)[1].slice(0, 4), ['消费帮扶', '2021-08', '宁夏特色产品销售额', '3.5']);
  });
  await step('words that are being composed with an input method are left alone until they are whole', async () => {
    await upload(made('g.xlsx', [HEADS, ['消费帮扶', '2021-08', '宁夏特色产品销售额', '约3', '', '采购', WHY]]));
    const cell = rowOf(2).locator('td.hard input');
    await cell.focus();
    const client = await page.context().newCDPSession(page);
    await cell.fill('');
    await client.send('Input.imeSetComposition', { text: 'sanwan', selectionStart: 6, selectionEnd: 6 });
    await page.waitForTimeout(1500);
    assert.strictEqual(await page.evaluate(() => M.upload.composing), true);
    assert.strictEqual(await page.evaluate(() => document.activeElement.value), 'sanwan', 'the table was drawn anew under the pen');
    await client.send('Input.insertText', { text: '3万元' });
    await until('the amount', async () => page.evaluate(() => M.upload.rows[1][3] === '3万元' && !M.upload.checked.reports[0].faults.some((fault) => fault.code === 'bad_amount')));
  });
  await step('files that are none are told so: a picture, bytes of no encoding, a broken workbook, an open quote, no head', async () => {
    const told = async (name, buffer, words) => {
      await page.getByLabel('选择文件').setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(buffer) });
      await page.locator('main').getByText(words).first().waitFor();
    };
    await told('a.png', Buffer.from('89504e470d0a1a0aff0000ffff', 'hex'), '既不是 UTF-8');
    await told('b.csv', Buffer.from([0xff, 0xff, 0x80, 0x2c]), '既不是 UTF-8');
    await told('c.xlsx', fs.readFileSync(fixture('gaishan.xlsx')).subarray(0, 3000), '文件读不出来');
    await told('d.csv', '任务,报送期\n"消费帮扶,2021-08\n', '引号没有结束');
    await told('e.csv', '甲,乙\n1,2\n', '缺少列');
    const many = Array.from({ length: 5200 }, (unused, index) => ['消费帮扶', '2021-08', '宁夏特色产品销售额', index]);
    await told('g.xlsx', made('g.xlsx', [HEADS.slice(0, 4), ...many]).buffer, '行数超过 5000');
    await told('h.xlsx', made('h.xlsx', [HEADS, ...many.slice(0, 4000).map((row) => [...row, '', '进'.repeat(60)])]).buffer, '超过 500 KB');
    await told('i.csv', `${HEADS.join(',')}\n${many.slice(0, 4000).map((row) => `${row.join(',')},,${'进'.repeat(60)}`).join('\n')}`, '超过 500 KB');
    await told('f.xlsx', XLSX.write({ SheetNames: ['空'], Sheets: { 空: {} } }, { type: 'array', bookType: 'xlsx' }), '没有内容');
    await accessible('upload of no table');
    await shot('35-upload-wrong-file');
  });
  await step('text with tabs, as spreadsheets save “Unicode text”, is read too', async () => {
    await upload({ name: 'g.txt', mimeType: 'text/plain', buffer: Buffer.from(`\ufeff${HEADS.join('\t')}\r\n消费帮扶\t2021-08\t宁夏特色产品销售额\t9\t\t"第一行\n第二行"\t\r\n`, 'utf16le') });
    assert.match(await rowOf(2).innerText(), /第一行\n第二行/);
  });
  await step('what a cell says is words, whatever it looks like', async () => {
    await upload(made('<b>a</b>.xlsx', [HEADS, ['<img src=x onerror=alert(1)>', '2021-08', '=HYPERLINK("x")', '<script>1</script>', '', '', '']]));
    await page.locator('main').getByText('<b>a</b>.xlsx').waitFor();
    assert.strictEqual(await page.locator('main img, main script, main b').count(), 0);
    await rowOf(2).locator('[data-code=unknown_task]').waitFor();
    const csv = await saved(() => page.locator('.sheet').getByRole('button', { name: '导出 CSV' }).click());
    assert.ok(csv.bytes.toString('utf8').includes('"\'=HYPERLINK('), 'a formula left the house');
  });
  await step('a file may be dropped on the page, and the keyboard reaches what the mouse does', async () => {
    await page.locator('.drop').evaluate((box, text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], '拖入.csv', { type: 'text/csv' }));
      box.dispatchEvent(new DragEvent('dragover', { dataTransfer: data, bubbles: true, cancelable: true }));
      box.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    }, `${HEADS.join(',')}\n消费帮扶,2021-08,宁夏特色产品销售额,约4,,,\n`);
    await page.locator('main').getByText('拖入.csv').waitFor();
    await page.getByLabel('报送期').focus();
    const seen = [];
    for (let press = 0; press < 14; press += 1) {
      await page.keyboard.press('Tab');
      seen.push(await page.evaluate(() => `${document.activeElement.tagName} ${document.activeElement.type || ''} ${document.activeElement.getAttribute('aria-label') || document.activeElement.textContent}`));
    }
    for (const wanted of [/^INPUT file/, /^INPUT checkbox/, /^INPUT text D2 本月数/, /^BUTTON button 修改第 2 行/]) assert.ok(seen.some((one) => wanted.test(one)), `${wanted} in ${seen.join('\n')}`);
  });
  await step('the page of many reports speaks English too', async () => {
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Many reports at once' }).waitFor();
    await page.getByText('cells are wrong').first().waitFor();
    await accessible('upload in English');
    await shot('38-upload-english');
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '批量报送' }).waitFor();
  });
  await step('the page of many reports works on a phone and prints', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${wide} px too wide`);
    await shot('36-upload-phone');
    await page.setViewportSize({ width: 1280, height: 860 });
  });
  // --- rows pasted into the form ---
  const pasted = (text, person = false, unit = '元') => page.evaluate(([one, two, three]) => M.pastedItems(one, two, three), [text, person, unit]);
  await step('what spreadsheets put on the clipboard becomes cells: tabs, quoted line breaks, quotes that are only quotes', async () => {
    const cellsOf = (text) => page.evaluate((one) => M.cells(one, '\t'), text);
    assert.deepStrictEqual(await cellsOf('a\tb\r\nc\td\r\n'), [['a', 'b'], ['c', 'd']]);
    assert.deepStrictEqual(await cellsOf('a\t"第一行\n第二行"\tb\r\n"说""好"""\tc'), [['a', '第一行\n第二行', 'b'], ['说"好"', 'c']]);
    assert.deepStrictEqual(await cellsOf('5" 管\t"甲"公司\t\n\t\n'), [['5" 管', '"甲"公司', ''], ['', '']]);
    assert.deepStrictEqual(await cellsOf('a\t"没有结束\nb'), [['a', '"没有结束'], ['b']]);
    assert.deepStrictEqual(await cellsOf(''), [['']]);
  });
  await step('a head tells the columns and the unit, whatever stands between them; without one they are told by their looks', async () => {
    assert.deepStrictEqual(await pasted('序号\t捐赠单位\t凭证号\t日期\t金额（万元）\t备注\r\n1\t福州某公司\tHX-1\t2021/8/3\t1.5\t"当面\n移交"\r\n2\t另一公司\tHX-2\t2021年8月9日\t2,000元\t\r\n'), { items: [
      { key: 'HX-1', kind: 'receipt', fact_day: '2021-08-03', day: '2021/8/3', typed: '1.5万元' }, { key: 'HX-2', kind: 'receipt', fact_day: '2021-08-09', day: '2021年8月9日', typed: '2,000元' }], skipped: 0 });
    assert.deepStrictEqual(await pasted('1\tHX-1\t2021-08-03\t1.5\t当面移交\n合计\t\t\t\n', false, '万元'), { items: [{ key: 'HX-1', fact_day: '2021-08-03', typed: '1.5万元' }], skipped: 1 });
    assert.deepStrictEqual(await pasted('HX-1\t8月3日\t300元\n'), { items: [{ key: 'HX-1', fact_day: undefined, typed: '300元' }], skipped: 0 }, 'a day without a year is not guessed');
    assert.deepStrictEqual(await pasted('姓名\t到岗日期\n王老师\t2021/8/20\n李老师\t\n', true), { items: [{ name: '王老师', fact_day: '2021-08-20', day: '2021/8/20' }, { name: '李老师' }], skipped: 0 });
  });
  await step('the real clipboard: copied cells land in the items with Ctrl+V, each where it belongs', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(base).origin });
    await login('jianxin');
    await page.waitForSelector('article.task');
    await go('report/donation/2021-08', 'input.amount');
    await page.getByText('明细（逐笔）').first().click();
    await page.evaluate((text) => navigator.clipboard.writeText(text), '凭证号\t日期\t金额（万元）\r\nJX-1\t2021/8/3\t1.5\r\n"JX-2"\t20210809\t0.5\r\n');
    await page.locator('textarea.paste').first().focus();
    await page.keyboard.press('Control+V');
    await until('two rows', async () => (await page.locator('.items tbody tr').count()) === 2);
    const values = await page.locator('.items tbody tr').evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('input')].slice(0, 3).map((input) => input.value)));
    assert.deepStrictEqual(values, [['JX-1', '2021-08-03', '1.5万元'], ['JX-2', '2021-08-09', '0.5万元']]);
    await page.locator('input.amount').first().fill('2万元');
    await page.locator('[data-explains=no_evidence]').waitFor();
    assert.strictEqual(await page.locator('[data-code=items_disagree]').count(), 0);
    await shot('37-pasted');
  });
  await step('a hundred clerks check tables of twelve reports at once on the evening of the 25th', async () => {
    const token = json('token', 'new', '盖山镇')[0].token;
    const rows = [HEADS];
    for (const period of ['2021-08', '2021-09', '2021-10', '2021-11', '2021-12', '2021-13']) rows.push(['消费帮扶', period, '宁夏特色产品销售额', '3', '', '采购', WHY], ['社会帮扶', period, '募集资金', '1', '', '募集', WHY]);
    const began = Date.now();
    const answers = await Promise.all(Array.from({ length: 100 }, () => call('POST', '/api/v1/sheets/check', { token, body: { rows } })));
    const took = Date.now() - began;
    for (const answer of answers) assert.strictEqual(answer.status, 200, answer.text);
    assert.strictEqual(new Set(answers.map((answer) => answer.text)).size, 1, 'the same table, the same answer');
    console.log(`   100 tables of 12 reports at once: ${took} ms`);
    assert.ok(took < 10000, `${took} ms`);
  });
  // --- charts ---
  const drawn = (count) => until(`${count} charts`, async () => (await page.locator('.canvas[data-drawn] canvas').count()) === count);
  const painted = () => page.locator('.canvas canvas').first().evaluate((canvas) => new Set(new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size);
  await step('the board draws every target against the even pace, tells it in a sentence, and has the same as a table', async () => {
    await login('office');
    await page.waitForSelector('section.panel');
    await drawn(1);
    assert.ok(await painted() > 10, 'the canvas is empty');
    const label = await page.locator('.canvas').getAttribute('aria-label');
    const targets = json('progress').filter((one) => one.goal).length;
    assert.match(label, new RegExp(`${targets} 项指标`));
    await page.locator('table', { hasText: '还需' }).getByText('还剩').first().waitFor();
    const file = await saved(() => page.locator('.tablebox', { hasText: '计量单位' }).or(page.locator('.tablebox', { hasText: '尚欠单位' })).getByRole('button', { name: '导出 Excel' }).click());
    const rows = cells(file.bytes), at = (name) => rows[0].indexOf(name);
    const sales = rows.find((row) => row[at('指标')] === '宁夏特色产品销售额');
    assert.strictEqual(sales[at('目标')], 3000, 'amounts are numbers in a file');
    assert.strictEqual(sales[at('计量单位')], '万元');
    assert.strictEqual(sales[at('完成')] * 1e6, json('progress').find((one) => one.indicator === 'sales').done);
    await accessible('board with its chart');
    await shot('40-board-chart');
  });
  await step('a figure is drawn month by month with the even pace, the goal and what is needed, its data beside it', async () => {
    await go('figure/sales', 'h1');
    await drawn(1);
    assert.ok(await painted() > 10, 'the canvas is empty');
    assert.match(await page.locator('.canvas').getAttribute('aria-label'), /2021年8月 累计 .*万元，目标 3,000\.00 万元/);
    for (const words of ['本月数', '累计完成', '序时进度', '目标', '按期完成所需']) await page.locator('figcaption').getByText(words).waitFor();
    const done = json('progress').find((one) => one.indicator === 'sales').done;
    const table = page.locator('.tablebox', { hasText: '各月完成情况' });
    const file = await saved(() => table.getByRole('button', { name: '导出 Excel' }).click());
    const rows = cells(file.bytes);
    assert.deepStrictEqual(rows[0], ['报送期', '本月数（万元）', '累计完成（万元）', '序时进度（万元）', '超（欠）序时（万元）', '目标（万元）']);
    assert.strictEqual(Math.round(rows[1][2] * 1e6), done);
    assert.strictEqual(rows.length, 6);
    await accessible('figure with its chart');
    await shot('41-figure-chart');
  });
  await step('of an each target a member’s surplus helps no other: the chart ends where the verdict stands, members are told one by one', async () => {
    const ends = await page.evaluate(() => { // two towns of three, one with too much
      const indicator = M.indicator('town-fund'), row = (member, amount) => ({ member, amount, period: '2021-08', unit: 'x' });
      const months = M.months(indicator, [row('town-350104101', 14e6), row('town-350104102', 3e6)], { goal: 30e6, due_ms: M.nowMs + 864e7, task: 'pairing' }, M.plan.tasks[1]);
      return [months[0].month, months[0].total];
    });
    assert.deepStrictEqual(ends, [17e6, 13e6]);
    await go('figure/town-fund', 'h1');
    await drawn(1);
    const table = page.locator('.tablebox', { hasText: '各分项完成情况' });
    assert.match(await table.locator('tr', { hasText: '盖山镇' }).innerText(), /2\.50 万元\s+10\.00 万元\s+7\.50 万元\s+25\.0%/);
    await accessible('figure of members');
  });
  await step('nothing reported, no target: no chart, no error, the table all the same', async () => {
    await go('figure/job-fairs', 'h1');
    await page.getByText('还没有报送，没有图').waitFor();
    await page.locator('.tablebox', { hasText: '各月完成情况' }).waitFor();
    await page.evaluate(() => { M.put(document.getElementById('main'), [M.paceChart([]), M.figureChart(M.indicator('sales'), [], {}), M.monthsTable(M.indicator('sales'), [], {})]); });
    assert.strictEqual(await page.locator('.canvas').count(), 0);
  });
  await step('who wants no motion sees none, a chart follows the width of the window, and prints inside its page', async () => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await go('board', 'section.panel');
    await drawn(1);
    assert.strictEqual(await page.evaluate(() => M.isStill()), true);
    assert.strictEqual(await page.evaluate(() => M.charts[M.charts.length - 1].getOption().animation), false);
    await page.setViewportSize({ width: 390, height: 844 });
    await until('the narrow chart', async () => (await page.locator('.canvas canvas').first().evaluate((canvas) => canvas.getBoundingClientRect().width)) < 390);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth) <= 0);
    await page.screenshot({ path: path.join(web, 'shots', '42-board-phone.png') });
    await page.setViewportSize({ width: 1280, height: 860 });
    await until('the wide chart', async () => (await page.locator('.canvas canvas').first().evaluate((canvas) => canvas.getBoundingClientRect().width)) > 1000);
    await page.emulateMedia({ media: 'print', reducedMotion: 'no-preference' });
    const wide = await page.locator('.canvas canvas').first().evaluate((canvas) => canvas.getBoundingClientRect().width / canvas.parentNode.parentNode.getBoundingClientRect().width);
    assert.ok(wide < 1.01, `${wide}`);
    const below = await page.locator('.canvas canvas').first().evaluate((canvas) => canvas.getBoundingClientRect().bottom - canvas.closest('section').getBoundingClientRect().bottom);
    assert.ok(below <= 0, `the chart hangs ${below} px out of its box`);
    fs.writeFileSync(path.join(web, 'shots', '43-board.pdf'), await page.pdf({ format: 'A4' }));
    await page.emulateMedia({ media: 'screen' });
  });
  await step('without the library the table is there, and a sentence says why there is no chart', async () => {
    await page.route('**/vendor/echarts*', (route) => route.abort());
    await page.goto('about:blank');
    await go('figure/sales', 'h1');
    await page.getByText('图没有载入，请看表').waitFor();
    await page.locator('.tablebox', { hasText: '各月完成情况' }).waitFor();
    await page.unroute('**/vendor/echarts*');
  });
  await step('a page that is drawn anew many times keeps one chart', async () => {
    await page.goto('about:blank');
    await go('figure/sales', 'h1');
    await drawn(1);
    for (let turn = 0; turn < 8; turn += 1) {
      await page.evaluate(() => M.show(true));
      await page.waitForTimeout(60);
    }
    await drawn(1);
    await until('one chart', async () => (await page.evaluate(() => { M.chartsTidy(); return M.charts.length; })) === 1);
  });
  await step('the matrix is a heat map by ground, word and shape', async () => {
    await go('matrix', 'table');
    assert.ok(await page.locator('td[data-tint=green]').count() >= 1 && await page.locator('td[data-tint=grey]').count() > 20);
    await accessible('matrix with its ground');
    await shot('44-matrix');
  });
  await step('every page says as of when, and every table has both exports beside it', async () => {
    const pages = { office: ['board', 'matrix', 'late', 'claims', 'claims/all', 'warnings', 'warnings/all', 'services', 'unit/350104102/2021-08', 'figure/sales', 'entry/6', 'history/consumption/2021-08/350104102'],
      gaishan: ['tasks', 'upload', 'board', 'late', 'warnings', 'report/consumption/2021-08', 'history/consumption/2021-08', 'figure/sales'] };
    for (const who of Object.keys(pages)) {
      await login(who);
      await page.waitForSelector('.nav a');
      await page.waitForSelector('h1');
      const menu = await page.locator('.nav a').evaluateAll((list) => list.map((one) => one.getAttribute('href').slice(2)));
      assert.ok(menu.length > 4);
      for (const at of [...new Set([...menu, ...pages[who]])]) {
        await page.goto(`${base}#/${at}`);
        await page.locator('main h1').waitFor();
        await page.locator('main .asof').getByText('数据截至').first().waitFor({ timeout: 4000 }).catch(() => { throw new Error(`${who} ${at}: no 数据截至`); });
        await until('the page', async () => (await page.locator('main .loading').count()) === 0);
        const bare = await page.evaluate(() => [...document.querySelectorAll('main table')].filter((table) => !table.closest('.items')).filter((table) => { const box = table.closest('.tablebox'); return !box || box.querySelectorAll('.exports button').length !== 2; }).length);
        assert.strictEqual(bare, 0, `${who} ${at}: a table without its exports`);
      }
    }
  });
  await step('a browser of 2020 that knows no gap between flexible boxes gets margins; this one is seen to know them', async () => {
    assert.strictEqual(await page.evaluate(() => document.documentElement.classList.contains('nogap')), false);
    await login('gaishan');
    await page.waitForSelector('article.task');
    const between = () => page.evaluate(() => { const buttons = document.querySelectorAll('article .actions > *'); return Math.round(buttons[1].getBoundingClientRect().left - buttons[0].getBoundingClientRect().right); });
    assert.strictEqual(await between(), 8);
    await page.evaluate(() => { document.documentElement.classList.add('nogap'); document.querySelectorAll('*').forEach((one) => { if (getComputedStyle(one).display.includes('flex')) one.style.gap = '0'; }); });
    assert.ok(await between() >= 8);
    await shot('45-nogap');
  });
  await step('our own pages ask nothing of a browser that came after Chromium 81', async () => {
    const newer = /\.replaceAll\(|\.replaceChildren\(|structuredClone|Object\.hasOwn|\.at\(|randomUUID|\.findLast|:is\(|:has\(|:where\(|\binset:|aspect-ratio/;
    for (const name of fs.readdirSync('services/console/pages').filter((one) => /\.(js|css)$/.test(one))) {
      const found = newer.exec(fs.readFileSync(path.join('services/console/pages', name), 'utf8'));
      assert.strictEqual(found, null, `${name}: ${found && found[0]}`);
    }
  });
  await step('no page threw, and nothing was blocked by the content security policy', async () => assert.deepStrictEqual(errors, []));
  await close();
  end();
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
