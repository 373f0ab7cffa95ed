// Sheets at the console: tables out as CSV and XLSX, files of reports in, charts beside their tables.
'use strict';
const assert = require('assert');
const path = require('path');
const { base, web, minning, json, step, end, call, until, visit, person } = require('./kit');
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
  await step('no page threw, and nothing was blocked by the content security policy', async () => assert.deepStrictEqual(errors, []));
  await close();
  end();
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
