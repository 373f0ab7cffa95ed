// What the web tests share: the command line, a browser, HTTP by hand, a small JSON Schema reader, steps that count.
'use strict';
const { execFileSync } = require('child_process');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');

const [program, home, web] = process.argv.slice(2);
const base = fs.readFileSync(path.join(home, 'run/console.url'), 'utf8').trim();
const port = Number(new URL(base).port);

const minning = (...words) => execFileSync(program, ['--home', home, '--lang', 'zh', ...words], { encoding: 'utf8' });
const json = (...words) => minning('--json', ...words).trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));

let passed = 0;
const failed = [];
async function step(name, run) {
  try {
    await run();
    passed += 1;
    console.log(`ok ${name}`);
  } catch (error) {
    failed.push(name);
    console.log(`FAILED ${name}\n${String(error.stack || error).split('\n').slice(0, 12).join('\n')}`);
  }
}
function end() {
  console.log(`web: ${passed} passed, ${failed.length} failed`);
  process.exitCode = failed.length || !passed ? 1 : 0;
}

// One request by hand: whatever bytes, whatever comes back until the other side closes.
function raw(bytes) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.setTimeout(20000, () => socket.destroy());
    socket.on('data', (data) => { answer += data.toString('latin1'); });
    socket.on('close', () => resolve(answer));
    socket.on('error', (error) => (answer || error.code === 'ECONNRESET' ? resolve(answer) : reject(error)));
  });
}
const statusOf = (answer) => Number((/^HTTP\/1\.1 (\d+)/.exec(answer) || [])[1] || 0);

async function call(method, where, { token, body, headers } = {}) {
  const response = await fetch(base.replace(/\/$/, '') + where, {
    method, headers: { ...(token ? { Authorization: `Bearer ${token}` } : {}), ...(body ? { 'Content-Type': 'application/json' } : {}), ...headers },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body) });
  const text = await response.text();
  let value = null;
  try { value = JSON.parse(text); } catch (error) { value = null; }
  return { status: response.status, json: value, text, headers: response.headers };
}

// Does `value` keep `schema`? As much of OpenAPI 3.0.3 as our own description uses. Returns the first place where it does not.
function broken(document, schema, value, at = '$') {
  if (value === null && schema.nullable) return null;
  if (schema.$ref) return broken(document, schema.$ref.slice(2).split('/').reduce((here, name) => here[name], document), value, at);
  for (const part of schema.allOf || []) {
    const fault = broken(document, part, value, at);
    if (fault) return fault;
  }
  if (schema.anyOf && schema.anyOf.every((part) => broken(document, part, value, at))) return `${at}: none of the alternatives`;
  if (schema.enum && !schema.enum.includes(value)) return `${at}: ${JSON.stringify(value)} is not one of ${schema.enum}`;
  const is = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  if (schema.type === 'integer' ? !Number.isInteger(value) : schema.type && schema.type !== is) return `${at}: ${is}, wanted ${schema.type}`;
  if (is === 'string' && (value.length < (schema.minLength || 0) || value.length > (schema.maxLength || Infinity))) return `${at}: length ${value.length}`;
  if (is === 'number' && (value < (schema.minimum === undefined ? -Infinity : schema.minimum) || value > (schema.maximum === undefined ? Infinity : schema.maximum))) return `${at}: ${value}`;
  if (is === 'array' && value.length < (schema.minItems || 0)) return `${at}: too few`;
  if (is === 'array' && schema.items) {
    for (let index = 0; index < value.length; index += 1) {
      const fault = broken(document, schema.items, value[index], `${at}[${index}]`);
      if (fault) return fault;
    }
  }
  if (is === 'object') {
    for (const name of schema.required || []) if (value[name] === undefined) return `${at}.${name}: missing`;
    for (const name of Object.keys(schema.properties || {})) {
      const fault = value[name] === undefined ? null : broken(document, schema.properties[name], value[name], `${at}.${name}`);
      if (fault) return fault;
    }
  }
  return null;
}

async function browser() {
  const { chromium } = require('playwright-core');
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'minning-web-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, locale: 'zh-CN', viewport: { width: 1280, height: 860 }, acceptDownloads: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
  context.setDefaultTimeout(15000);
  return { context, close: async () => { await context.close(); fs.rmSync(profile, { recursive: true, force: true }); } };
}

const until = async (what, test) => {
  const last = Date.now() + 15000;
  for (;;) {
    if (await test()) return;
    if (Date.now() > last) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
};

// A browser with one page, and what every test does with it. `errors`: what a page threw, or the content security policy blocked.
async function visit(password) {
  const { context, close } = await browser();
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error' && !/status of 4|status of 503|ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|ERR_FAILED|ERR_INTERNET/.test(message.text())) errors.push(message.text()); });
  const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
  return {
    context, page, errors, close,
    shot: (name) => page.screenshot({ path: path.join(web, 'shots', `${name}.png`), fullPage: true }),
    accessible: async (name) => {
      if (!(await page.evaluate('typeof axe === "object"'))) await page.evaluate(axe);
      // what is just fading in has no contrast yet
      await page.evaluate(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)));
      const found = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ['violations'] })).violations.map((one) => ({ id: one.id, impact: one.impact, at: one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)) })));
      const serious = found.filter((one) => one.impact === 'serious' || one.impact === 'critical');
      if (serious.length) throw new Error(`${name}: ${JSON.stringify(serious, null, 1)}`);
    },
    go: async (hash, wait) => {
      await page.goto(`${base}#/${hash}`);
      await page.waitForSelector(wait || 'h1');
    },
    login: async (name) => {
      await context.clearCookies();
      await page.goto('about:blank');
      await page.goto(`${base}#/login`);
      await page.getByLabel('登录名').fill(name);
      await page.getByLabel('口令或一次性登录码').fill(password);
      await page.getByLabel('口令或一次性登录码').press('Enter');
      await until('the page that it opens by itself', () => page.evaluate('!!M.me && (!!M.me.by_code || (!!M.plan && location.hash !== "#/login"))').catch(() => false));
      if (!await page.evaluate('!!M.me.by_code')) await page.waitForSelector('.who');
    },
    saved: async (act) => {
      const [download] = await Promise.all([page.waitForEvent('download'), act()]);
      return { name: download.suggestedFilename(), bytes: fs.readFileSync(await download.path()) };
    },
  };
}
// Somebody with a password, of a role and perhaps of a unit.
function person(password, login, role, unit) {
  const file = path.join(web, 'secret.txt');
  fs.writeFileSync(file, `${password}\n`, { mode: 0o600 });
  minning('user', 'add', login, '--role', role, '--secret', file, ...(unit ? ['--unit', unit] : []));
}

module.exports = { until, visit, person, base, home, web, port, minning, json, step, end, raw, statusOf, call, broken, browser };
