// New folders, new names and archives in the browser: dialogs, the keyboard, refusals, and a server
// that speaks TLS.
//
//   node names_test.mjs QUOITD [FOLDER]    FOLDER gets screenshots; exits with 77 without Chromium
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { Chromium } from './chromium.mjs';
import { Site } from './site.mjs';

const [program, pictures] = process.argv.slice(2);
const browser = await Chromium.launch();
if (!browser) {
  console.log('skipped: there is no Chromium, or it does not run here');
  process.exit(77);
}
const local = mkdtempSync(join(tmpdir(), 'quoit-names-'));

after(async () => {
  await browser.close();
  rmSync(local, { recursive: true, force: true });
});

// A site and a page of it, for one test each, whose page reports nothing on the console but what the
// test expects, and asks no other host.
async function visit(action, options = ['--writable'], setup = {}, expected = []) {
  const site = await Site.start(program, options);
  site.put('old.txt', 'old');
  site.put('sub/file.txt', 'in it');
  const page = await browser.open(setup);
  try {
    if (site.url.startsWith('https')) await page.send('Security.setIgnoreCertificateErrors', { ignore: true });
    await page.go(site.url);
    await action(page, site);
    const rest = page.messages.filter((message) => !expected.some((pattern) => pattern.test(message)));
    assert.deepEqual(rest, []);
    const hosts = new Set(page.requests.map(({ url }) => new URL(url).host));
    for (const host of hosts) assert.ok(host === '' || host.startsWith('127.0.0.1:'), host);
  } finally {
    await page.close();
    await site.stop();
  }
}

const refused = [/the server responded with a status of 4\d\d/];
const rowNames = `[...document.querySelectorAll('#list tbody tr a')].map((link) => link.textContent)`;
const shows = (page, name) => page.until(`${rowNames}.includes(${JSON.stringify(name)})`);
const says = (page, text) =>
  page.until(`document.querySelector('[role=status]').textContent.includes(${JSON.stringify(text)})`);
const isClosed = (page) => page.until(`!document.querySelector('dialog')`);
const alertSays = (page, pattern) =>
  page.until(`${pattern}.test(document.querySelector('dialog [role=alert]')?.textContent ?? '')`);
const focused = (page) =>
  page.evaluate(`document.activeElement.ariaLabel ?? document.activeElement.textContent`);

async function openRename(page, name) {
  await page.click('button', `More actions for ${name}`);
  await page.click('button', `Rename ${name}`);
  await page.find('dialog', `Rename ${name}`);
}

async function typeName(page, name) {
  await page.evaluate(`document.querySelector('dialog input').select()`);
  await page.type(name);
  await page.press('Enter');
}

test('a new folder is made, and its link has the focus', () => visit(async (page, site) => {
  await page.click('button', 'New folder');
  assert.ok(await page.find('textbox', /name/i));
  await page.type('<i>K\u00e4se & 100% #1?');
  await page.press('Enter');
  await shows(page, '<i>K\u00e4se & 100% #1?/');
  await says(page, 'is created');
  assert.equal(await focused(page), '<i>K\u00e4se & 100% #1?/');
  assert.ok(existsSync(join(site.root, '<i>K\u00e4se & 100% #1?')));
}));

test('a file and a folder are renamed', () => visit(async (page, site) => {
  await openRename(page, 'old.txt');
  assert.equal(await page.evaluate(`getSelection().toString() || (() => {
    const input = document.querySelector('dialog input');
    return input.value.slice(input.selectionStart, input.selectionEnd);
  })()`), 'old', 'the ending is not selected');
  await page.type('\u202enew');
  await page.press('Enter');
  await shows(page, '\u202enew.txt');
  assert.equal(readFileSync(join(site.root, '\u202enew.txt')).toString(), 'old');
  await openRename(page, 'sub');
  await typeName(page, 'other sub');
  await shows(page, 'other sub/');
  assert.deepEqual(readdirSync(site.root).sort(), ['other sub', '\u202enew.txt']);
  if (pictures) {
    await openRename(page, 'other sub');
    writeFileSync(join(pictures, 'rename.png'), await page.picture());
  }
}));

test('names that cannot be are refused with a reason, and nothing changes', () => visit(async (page, site) => {
  await openRename(page, 'old.txt');
  await typeName(page, 'sub');
  await alertSays(page, /already an entry/);
  await typeName(page, 'a/b');
  await alertSays(page, /no slash/);
  await typeName(page, '.hidden');
  await alertSays(page, /begin with a dot/);
  await typeName(page, 'x'.repeat(256));
  await alertSays(page, /longer than 255 bytes/);
  await typeName(page, 'old.txt');
  await isClosed(page);
  await page.click('button', 'New folder');
  await typeName(page, '..');
  await alertSays(page, /already an entry/);
  await page.press('Escape');
  await isClosed(page);
  assert.deepEqual(readdirSync(site.root).sort(), ['old.txt', 'sub']);
}, ['--writable'], {}, refused));

test('the keyboard alone renames, and Escape calls it off and brings the focus back', () => visit(async (page, site) => {
  await page.evaluate(`document.querySelector('[aria-label="More actions for old.txt"]').focus()`);
  await page.press('Enter');
  assert.equal(await focused(page), 'Rename old.txt');
  await page.press('Enter');
  await page.find('dialog', 'Rename old.txt');
  await page.press('Escape');
  await isClosed(page);
  assert.equal(await focused(page), 'More actions for old.txt');
  await page.press('Enter');
  await page.press('Escape');
  assert.equal(await focused(page), 'More actions for old.txt');
  await page.press('Enter');
  await page.press('Enter');
  await page.type('by keys');
  await page.press('Enter');
  await shows(page, 'by keys.txt');
  assert.equal(await focused(page), 'by keys.txt');
  assert.deepEqual(readdirSync(site.root).sort(), ['by keys.txt', 'sub']);
}));

test('the tab key goes through the page in the order that is seen', () => visit(async (page) => {
  const order = [];
  for (let i = 0; i < 14; ++i) {
    await page.press('Tab');
    order.push((await page.evaluate(`document.activeElement.type === 'search' ? 'search' :
      document.activeElement.ariaLabel ?? document.activeElement.textContent`)));
  }
  assert.deepEqual(order, ['Skip to the list', 'search', 'tar', 'zip', 'Upload files', 'Upload folder', 'New folder',
    'Name', 'Size', 'Modified', 'sub/', 'More actions for sub', 'old.txt', 'More actions for old.txt']);
  await page.press('/', '/');
  assert.equal(await page.evaluate('document.activeElement.type'), 'search');
}));

test('writing is offered only to those who may', () => visit(async (page, site) => {
  const actions = async () => (await page.tree()).filter((node) =>
    node.role === 'button' && /upload|new folder|more actions|tar|zip/i.test(node.name)).map((node) => node.name).sort();
  assert.deepEqual(await actions(), ['tar', 'zip']);
  await page.go(new URL('sub/', site.url));
  await page.find('button', 'More actions for file.txt');
  assert.deepEqual(await actions(),
    ['More actions for file.txt', 'New folder', 'Upload files', 'Upload folder', 'tar', 'zip']);
}, ['--writable', '--allow', 'anyone r', '--allow', 'anyone rw /sub']));

test('the buttons tar and zip download the folder, also without scripts', () => visit(async (page, site) => {
  await browser.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: local, eventsEnabled: true });
  const finished = [];
  browser.listen(({ method, params }) => {
    if (method === 'Browser.downloadProgress' && params.state === 'completed') finished.push(params.guid);
  });
  await page.go(new URL('sub/', site.url));
  for (const [i, format] of ['tar', 'zip'].entries()) {
    await page.click('button', format);
    for (let wait = 0; wait < 1200 && finished.length <= i; ++wait) await new Promise((done) => setTimeout(done, 50));
    assert.ok(existsSync(join(local, `sub.${format}`)), format);
  }
  assert.ok(readFileSync(join(local, 'sub.tar')).includes('in it'));
}, [], { script: false }));

test('a server without archives offers none', () => visit(async (page) => {
  assert.ok(!await page.has('button', 'tar'));
}, ['--archive', 'off']));

// As nginx does with proxy_pass and a path.
test('behind a proxy that serves the root below a path, entries are renamed', () => visit(async (page, site) => {
  const proxy = createServer((near, response) => {
    const far = forward({ port: site.port, host: '127.0.0.1', method: near.method, headers: near.headers,
      path: near.url.replace(/^\/files/, '') }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    near.pipe(far);
  });
  await new Promise((done) => proxy.listen(0, '127.0.0.1', done));
  await page.go(`http://127.0.0.1:${proxy.address().port}/files/sub/`);
  await openRename(page, 'file.txt');
  await typeName(page, 'behind.txt');
  await shows(page, 'behind.txt');
  assert.ok(existsSync(join(site.root, 'sub/behind.txt')));
  await page.go('about:blank');
  proxy.closeAllConnections();
  proxy.close();
}));

const key = join(local, 'key.pem');
const certificate = join(local, 'certificate.pem');
const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
  '-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=127.0.0.1', '-addext',
  'subjectAltName=IP:127.0.0.1']);

test('over TLS, a folder is made and renamed', { skip: made.status !== 0 }, () => visit(async (page, site) => {
  await page.click('button', 'New folder');
  await typeName(page, 'first');
  await shows(page, 'first/');
  await openRename(page, 'first');
  await typeName(page, 'second');
  await shows(page, 'second/');
  assert.deepEqual(readdirSync(site.root).sort(), ['old.txt', 'second', 'sub']);
}, ['--writable', '--tls-cert', certificate, '--tls-key', key], {}, [/^security:/]));

for (const width of [320, 360]) {
  test(`a dialog for a name fits on a dark phone of ${width} pixels`, () => visit(async (page) => {
    await page.click('button', 'New folder');
    await page.find('textbox', /name/i);
    assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
    assert.ok(await page.evaluate(`document.querySelector('dialog').getBoundingClientRect().right <= innerWidth`));
    assert.equal(await page.evaluate(`getComputedStyle(document.querySelector('dialog')).backgroundColor`),
      'rgb(20, 24, 26)');
    if (pictures) writeFileSync(join(pictures, `new-folder-${width}.png`), await page.picture());
  }, ['--writable'], { width, height: 640, touch: true, dark: true }));
}
