// The operator's page in a real browser, with a route that refuses: outbox, dead letters, what to type, numbers for Prometheus.
'use strict';
const assert = require('assert');
const { execFileSync } = require('child_process');
const fs = require('fs');
const http = require('http');
const path = require('path');
const { home, minning, json, step, end, person, until, visit, call } = require('./kit');

const PASSWORD = '闽宁协作 2021 口令';
[['chengmen.clerk', 'clerk', '城门镇'], ['ops', 'operator']].forEach((one) => person(PASSWORD, ...one));
const ours = json('token', 'new', '盖山镇')[0].token;

let answer = 422; // of the other side: it does not want that
const heard = [];
const outside = http.createServer((request, response) => {
  let body = '';
  request.on('data', (data) => { body += data; });
  request.on('end', () => { heard.push(JSON.parse(body)); response.writeHead(answer).end(); });
});

(async () => {
  await new Promise((resolve) => { outside.listen(0, '127.0.0.1', resolve); });
  fs.writeFileSync(path.join(home, 'hook.secret'), 'hook-secret-3\n', { mode: 0o600 });
  minning('route', 'add', 'hook', 'webhook', '--url', `http://127.0.0.1:${outside.address().port}/hook`, '--secret', path.join(home, 'hook.secret'), '--unit', '城门镇', '--plain', '--live');
  const { page, errors, close, shot, accessible, go, login } = await visit(PASSWORD);
  const metrics = async () => (await call('GET', '/metrics')).text;
  const number = async (name) => Number((new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (\\d+)$`, 'm').exec(await metrics()) || [])[1]);

  await step('what the other side refuses is a dead letter, with its cause and the command that tries it again', async () => {
    minning('clock', 'advance', '2021-08-27T10:00');
    await until('a dead letter', async () => json('notices', 'dead').length > 0 && (await number('minning_notices_dead')) > 0);
    await login('ops');
    await page.getByRole('heading', { name: '死信' }).waitFor();
    const row = page.locator('table', { hasText: '再发一次' }).locator('tbody tr').first();
    assert.match(await row.innerText(), /城门镇[^]*hook[^]*对方拒收，1 次，应答 422[^]*minning notices retry [0-9a-f]{32}/);
    await page.locator('.tile', { hasText: '死信' }).getByText(String(await number('minning_notices_dead'))).waitFor();
    await accessible('dead letters');
    await shot('50-dead');
  });
  await step('tried again, it is heard under its own name, and is dead no more', async () => {
    const dead = json('notices', 'dead'), before = heard.length;
    answer = 200;
    minning('notices', 'retry', dead[0].result.message);
    await until('it to be heard', async () => heard.length > before && json('notices', 'dead').every((one) => one.result.message !== dead[0].result.message));
    const entry = json('tail', 'entries', '--kind', 'notice_retried').pop();
    assert.strictEqual(entry.body.message, dead[0].result.message);
    if (json('notices', 'dead').length) minning('notices', 'retry', '--route', 'hook'); // as many as had died by then
    await until('all to be heard', async () => json('notices', 'dead').length === 0);
    await until('the number to follow', async () => (await number('minning_notices_dead')) === 0);
    assert.ok((await number('minning_notices_total{how="sent"}')) > 0);
    await page.reload();
    await page.getByText('没有死信').waitFor();
    await shot('51-no-dead');
  });
  await step('what is not there cannot be tried again', async () => {
    const before = json('tail', 'entries', '--kind', 'notice_retried').length;
    assert.throws(() => minning('notices', 'retry', '0123456789abcdef0123456789abcdef'));
    assert.throws(() => minning('notices', 'retry', 'nonsense'));
    assert.throws(() => minning('notices', 'retry', '--route', 'hook'), /没有可再发的/); // nor where nothing is dead: no entry says so
    assert.strictEqual(json('tail', 'entries', '--kind', 'notice_retried').length, before);
  });
  await step('a unit does not see it, neither by its people nor by its programs', async () => {
    assert.strictEqual((await call('GET', '/api/v1/dead', { token: ours })).status, 403);
    await login('chengmen.clerk');
    assert.strictEqual(await page.evaluate(async () => (await fetch('/api/v1/dead')).status), 403);
  });
  await step('Prometheus reads the metrics, and its linter has nothing to say', async () => {
    const told = execFileSync('promtool', ['check', 'metrics'], { input: await metrics(), encoding: 'utf8' });
    assert.strictEqual(told, '');
  });
  await step('while the notifier says nothing the page still tells of the others', async () => {
    const pid = json('status')[0].notifier.pid;
    await login('ops');
    await page.getByText('没有死信').waitFor();
    process.kill(pid, 'SIGSTOP');
    try {
      await page.locator('tr.wrong', { hasText: 'notifier' }).getByText('无应答').waitFor();
      assert.ok(!/minning_notices/.test(await metrics()));
      assert.strictEqual(await number('minning_up{service="notifier"}'), 0);
      await go('board');
      const began = Date.now();
      await go('services', 'table');
      assert.ok(Date.now() - began < 3000);
      await shot('52-silent');
    } finally { process.kill(pid, 'SIGCONT'); }
    await until('it to be well again', async () => (await number('minning_up{service="notifier"}')) === 1);
  });
  await step('no page threw', async () => assert.deepStrictEqual(errors, []));
  await close();
  outside.close();
  end();
})().catch((error) => { console.error(error); process.exitCode = 1; outside.close(); });
