// Writing in the browser: uploads that survive breaks, reloads and restarts, and what a reader may do
// with entries.
//
//   node upload_test.mjs QUOITD [FOLDER]    FOLDER gets screenshots; exits with 77 without Chromium
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { after } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Chromium } from './chromium.mjs';
import { Link, Site } from './site.mjs';

const [program, pictures] = process.argv.slice(2);
const browser = await Chromium.launch();
if (!browser) {
  console.log('skipped: there is no Chromium, or it does not run here');
  process.exit(77);
}
const local = mkdtempSync(join(tmpdir(), 'quoit-local-'));

after(async () => {
  await browser.close();
  rmSync(local, { recursive: true, force: true });
});

function localFile(name, content) {
  const path = join(local, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const mebibyte = 1024 * 1024;
const large = (size) => randomBytes(size * mebibyte);

// A writable site and a page of it, for one test each.
async function write(action, options = ['--writable'], setup = {}) {
  const site = await Site.start(program, options);
  site.put('old.txt', 'old');
  const page = await browser.open(setup);
  try {
    await page.go(site.url);
    await action(page, site);
  } finally {
    await page.close();
    await site.stop();
  }
}

const rowNames = `[...document.querySelectorAll('#list tbody tr a')].map((link) => link.textContent)`;
const shows = (page, name) => page.until(`${rowNames}.includes(${JSON.stringify(name)})`);
const queueText = `document.querySelector('.queue')?.textContent ?? ''`;
const says = (page, text) => page.until(`document.querySelector('[role=status]').textContent.includes(${JSON.stringify(text)})`);
const content = (site, name) => readFileSync(join(site.root, name));
const sent = (page, method) => page.requests.filter((request) => request.method === method).length;
// The upload has begun and is not at its end.
const isUnderWay = (page) => page.until(`(() => {
  const bar = document.querySelector('.queue progress');
  return bar && bar.value > bar.max / 10 && bar.value < bar.max * 0.9;
})()`, 'an upload is under way');
const slowly = (page) => page.network({ uploadThroughput: 2 * mebibyte });

test('several files are uploaded at once and appear in the list', () => write(async (page, site) => {
  const files = ['one.txt', 'two words.txt', '<img src=x onerror=alert(1)>.txt', 'k\u00e4se \u202e.txt']
    .map((name) => localFile(`several/${name}`, `content of ${name}`));
  await page.choose('Upload files', files);
  await says(page, '4 files uploaded');
  await shows(page, 'k\u00e4se \u202e.txt');
  assert.equal(content(site, 'two words.txt').toString(), 'content of two words.txt');
  assert.equal(content(site, '<img src=x onerror=alert(1)>.txt').toString(), 'content of <img src=x onerror=alert(1)>.txt');
  assert.deepEqual(page.messages, []);
}));

test('a folder of more than 100 files is uploaded whole', () => write(async (page, site) => {
  for (let i = 0; i < 230; ++i) localFile(`album/${i % 3 ? 'deep/er/' : ''}${i}.txt`, `${i}`);
  await page.drag([join(local, 'album')]);
  await says(page, '230 files uploaded');
  assert.equal(content(site, 'album/deep/er/229.txt').toString(), '229');
  assert.equal(readdirSync(join(site.root, 'album'), { recursive: true }).length, 232);
  await shows(page, 'album/');
}));

test('an upload goes on by itself after the link was cut', () => write(async (page, site) => {
  const bytes = large(24);
  const link = await Link.to(site);
  await page.go(link.url);
  await slowly(page);
  await page.choose('Upload files', [localFile('cut.bin', bytes)]);
  await isUnderWay(page);
  assert.ok(await page.has('progressbar', /cut\.bin/));
  if (pictures) writeFileSync(join(pictures, 'upload.png'), await page.picture());
  await link.cut();
  await page.until(`/connection|offline/.test(${queueText})`);
  await page.network({});
  await link.mend();
  await says(page, '1 file uploaded');
  assert.ok(content(site, 'cut.bin').equals(bytes));
  assert.equal(sent(page, 'PUT'), 1);
  await page.go('about:blank');
  await link.cut();
}));

test('an upload goes on after the page was loaded again, with the bytes that have come', () => write(async (page, site) => {
  const bytes = large(24);
  const path = localFile('reload.bin', bytes);
  await slowly(page);
  await page.choose('Upload files', [path]);
  await isUnderWay(page);
  await page.reload();
  await page.network({});
  await page.until(`/Choose the file again to resume reload.bin/.test(${queueText})`);
  await page.choose('Upload files', [path]);
  await says(page, '1 file uploaded');
  assert.ok(content(site, 'reload.bin').equals(bytes));
  assert.equal(sent(page, 'PUT'), 1);
}));

test('an unfinished upload of an earlier page is cancelled without a trace', () => write(async (page, site) => {
  await slowly(page);
  await page.choose('Upload files', [localFile('left.bin', large(24))]);
  await isUnderWay(page);
  await page.reload();
  await page.network({});
  assert.ok(await page.find('region', 'Uploads'));
  await page.click('button', 'Cancel left.bin');
  await page.until(`!/left.bin/.test(${queueText}) && localStorage.length === 0`);
  for (let i = 0; i < 600 && readdirSync(site.root).length > 1; ++i) await new Promise((done) => setTimeout(done, 50));
  assert.deepEqual(readdirSync(site.root), ['old.txt']);
  await page.reload();
  assert.ok(!await page.has('region', 'Uploads'));
}));

test('an upload goes on after the server was killed and started again', () => write(async (page, site) => {
  const bytes = large(24);
  await slowly(page);
  await page.choose('Upload files', [localFile('killed.bin', bytes)]);
  await isUnderWay(page);
  await site.kill();
  await page.until(`/trying again/.test(${queueText})`);
  await site.run(site.port);
  await page.network({});
  await says(page, '1 file uploaded');
  assert.ok(content(site, 'killed.bin').equals(bytes));
  assert.equal(sent(page, 'PUT'), 1);
}));

test('an upload is paused, goes on, and is cancelled without a trace', () => write(async (page, site) => {
  const bytes = large(24);
  await slowly(page);
  await page.choose('Upload files', [localFile('paused.bin', bytes), localFile('cancelled.bin', bytes)]);
  await isUnderWay(page);
  await page.click('button', 'Pause paused.bin');
  await page.until(`/paused at/.test(${queueText})`);
  await page.click('button', 'Cancel cancelled.bin');
  await page.until(`/cancelled/.test(document.querySelector('.queue ul').textContent)`);
  await page.network({});
  await page.click('button', 'Resume paused.bin');
  await says(page, '1 file uploaded');
  assert.ok(content(site, 'paused.bin').equals(bytes));
  const end = Date.now() + 30_000;
  const traces = () => readdirSync(site.root).filter((name) => name.startsWith('.quoit'));
  while (traces().length > 1 && Date.now() < end) await new Promise((done) => setTimeout(done, 50));
  assert.deepEqual(traces().map((name) => name.slice(-6)), ['.state'], 'that of the finished upload');
  const left = readdirSync(site.root).filter((name) => !name.startsWith('.quoit'));
  assert.deepEqual(left.sort(), ['old.txt', 'paused.bin']);
}));

// The entity tag of the file counts, and not that of the sibling that a browser gets.
test('a file with a precompressed sibling is replaced', () => write(async (page, site) => {
  site.put('old.txt.gz', gzipSync('old'));
  await page.choose('Upload files', [localFile('packed/old.txt', 'new')]);
  await page.click('button', 'Replace');
  await says(page, '1 file uploaded');
  assert.equal(content(site, 'old.txt').toString(), 'new');
}, ['--writable', '--precompressed', 'on']));

test('a file is replaced only if the reader says so, once for all', () => write(async (page, site) => {
  site.put('other.txt', 'other');
  const files = [localFile('again/old.txt', 'new'), localFile('again/other.txt', 'new'), localFile('again/third.txt', 'new')];
  await page.choose('Upload files', files);
  await page.find('button', 'Skip');
  assert.equal(content(site, 'old.txt').toString(), 'old');
  await page.click('button', 'Skip');
  await says(page, '1 file uploaded');
  assert.equal(content(site, 'old.txt').toString(), 'old');
  assert.equal(content(site, 'third.txt').toString(), 'new');
  await page.choose('Upload files', files.slice(0, 2));
  await page.click('button', 'Replace');
  await page.until(`document.querySelectorAll('.queue li').length >= 5`);
  const end = Date.now() + 30_000;
  while (content(site, 'other.txt').toString() !== 'new' && Date.now() < end) await new Promise((done) => setTimeout(done, 50));
  assert.equal(content(site, 'old.txt').toString(), 'new');
  assert.equal(content(site, 'other.txt').toString(), 'new');
}));

test('an entry is deleted after a question, by the keyboard alone', () => write(async (page, site) => {
  await page.evaluate(`document.querySelector('[aria-label="More actions for old.txt"]').focus()`);
  await page.press('Enter');
  await page.find('button', 'Delete old.txt');
  await page.evaluate(`document.querySelector('[aria-label="Delete old.txt"]').focus()`);
  await page.press('Enter');
  await page.find('dialog', 'Delete old.txt');
  await page.press('Escape');
  await page.until(`!document.querySelector('dialog')`);
  assert.equal(content(site, 'old.txt').toString(), 'old');
  await page.click('button', 'More actions for old.txt');
  await page.click('button', 'Delete old.txt');
  await page.click('button', 'Delete');
  await says(page, 'old.txt is deleted');
  assert.ok(!existsSync(join(site.root, 'old.txt')));
  await page.find('StaticText', 'This folder is empty.');
}));

test('a server that cannot resume takes a large file in one request', () => write(async (page, site) => {
  const bytes = large(3);
  await page.choose('Upload files', [localFile('whole.bin', bytes)]);
  await says(page, '1 file uploaded');
  assert.ok(content(site, 'whole.bin').equals(bytes));
  assert.equal(sent(page, 'PATCH'), 0);
}, ['--writable', '--resumable', 'off']));

test('a file that is too large fails with the reason of the server', () => write(async (page) => {
  await page.choose('Upload files', [localFile('large.bin', large(2)), localFile('small.txt', 'small')]);
  await says(page, '1 failed');
  await page.until(`/larger than --max-body/.test(${queueText})`);
  await page.find('button', 'Retry large.bin');
}, ['--writable', '--max-body', '1M']));

test('uploads fit on a phone in the dark', () => write(async (page) => {
  await slowly(page);
  await page.choose('Upload files', [localFile('a long name of a film that was taken on a beach.mov', large(24))]);
  await isUnderWay(page);
  assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
  if (pictures) writeFileSync(join(pictures, 'upload-phone.png'), await page.picture());
}, ['--writable'], { width: 360, height: 740, touch: true, dark: true }));
