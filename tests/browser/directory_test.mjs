// The page of a directory in headless Chromium, as a reader finds it.
//
//   node directory_test.mjs QUOITD [FOLDER]    FOLDER gets screenshots; exits with 77 without Chromium
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
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
const site = await Site.start(program);
const november = Date.UTC(2026, 10, 3, 14, 12, 1) / 1000;
site.put('photos/2026/raw/a', '');
site.put('photos/2026/beach 10.jpg', 'x'.repeat(3 * 1024 * 1024), november);
site.put('photos/2026/beach 9.jpg', 'x'.repeat(9), november - 86400);
site.put('photos/2026/invoice\u202efdp.exe', 'x'.repeat(1500), november - 2 * 86400);
site.put('photos/2026/"><img src=x onerror=alert(1)>.txt', '', november - 3 * 86400);
site.put('photos/2026/README.md', '# Beach\n<b>not bold</b>\n', november - 4 * 86400);
site.put('photos/2026/a long name that goes on and on, as names of downloads often do (final) (2).tar.gz',
  'x'.repeat(70_000), november - 400 * 86400);
mkdirSync(join(site.root, 'empty'));
const folder = new URL('photos/2026/', site.url);

after(async () => {
  await browser.close();
  await site.stop();
});

// A page that reports nothing on the console, violates no policy and asks no other host.
async function visit(setup, url, action) {
  const page = await browser.open(setup);
  await page.go(url);
  await action(page);
  assert.deepEqual(page.messages, []);
  for (const request of page.requests) {
    assert.ok(request.url.startsWith(site.url) || request.url.startsWith('data:'), request.url);
  }
  assert.ok(page.requests.filter(({ url: asked }) => asked.startsWith('http')).length <= 5);
  await page.close();
}

const names = (page) => page.evaluate(`[...document.querySelectorAll('#list tbody tr')].filter((row) => !row.hidden)
  .map((row) => row.cells[0].textContent)`);
const widthFits = (page) => page.evaluate('document.documentElement.scrollWidth <= innerWidth');

test('a folder is shown with its names, sizes and times', () => visit({}, folder, async (page) => {
  assert.equal(await page.evaluate('document.title'), '2026 · photos · quoit');
  assert.deepEqual(await names(page), ['../', 'raw/', '"><img src=x onerror=alert(1)>.txt',
    'a long name that goes on and on, as names of downloads often do (final) (2).tar.gz', 'beach 9.jpg',
    'beach 10.jpg', 'invoice\u202efdp.exe', 'README.md']);
  const row = await page.evaluate(`[...[...document.querySelectorAll('#list tr')]
    .find((row) => row.textContent.startsWith('beach 10')).cells].map((cell) => cell.textContent.trim().replace(/\\s/g, ' ') + '|' + cell.title)`);
  assert.deepEqual(row, ['beach 10.jpg|', '3.0 MiB|3145728 bytes', 'Nov 3, 2026, 9:12 AM|']);
  assert.equal(await page.evaluate(`document.querySelector('.sum').textContent`), '1 folder, 6 files, 3.0 MiB');
}));

test('a screen reader finds the table, the path and the tools', () => visit({}, folder, async (page) => {
  const tree = await page.tree();
  const has = (role, name) => assert.ok(tree.some((node) => node.role === role && node.name === name), `${role} ${name}`);
  has('table', 'Contents of 2026');
  has('navigation', 'Breadcrumb');
  has('heading', '2026');
  has('searchbox', 'Search this folder');
  has('link', 'photos');
  for (const name of ['Name', 'Size', 'Modified']) has('columnheader', name);
  assert.equal(tree.filter((node) => node.role === 'row').length, 9);
  assert.ok(tree.some((node) => node.role === 'main'));
  assert.equal(await page.evaluate(`document.querySelectorAll('[aria-sort]').length`), 1);
  assert.equal(await page.evaluate(`document.querySelectorAll('[aria-current]').length`), 1);
  assert.equal(tree.filter((node) => /Upload|Delete|Rename|New folder/.test(node.name)).length, 0);
}));

test('columns sort, and a second time in reverse', () => visit({}, folder, async (page) => {
  await page.click('button', 'Size');
  assert.deepEqual((await names(page)).slice(0, 3), ['../', 'raw/', 'beach 10.jpg']);
  await page.click('button', 'Size');
  assert.equal((await names(page))[2], '"><img src=x onerror=alert(1)>.txt');
  assert.equal(await page.evaluate('location.search'), '?sort=size');
  await page.reload();
  assert.equal((await names(page))[2], '"><img src=x onerror=alert(1)>.txt');
  await page.click('button', 'Modified');
  assert.equal((await names(page))[2], 'beach 10.jpg');
  assert.equal(await page.evaluate(`document.querySelector('[aria-sort]').textContent`), 'Modified');
}));

test('without scripts, columns sort by a query and times are in UTC', () => visit({ script: false }, folder, async (page) => {
  assert.ok(await page.has('StaticText', /Times are in UTC/));
  assert.ok(!await page.has('searchbox', 'Search this folder'));
  await page.click('button', 'Size');
  const wanted = new URL('?sort=-size', folder).href;
  for (let i = 0; i < 600 && !page.requests.some(({ url }) => url === wanted); ++i) {
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.ok(page.requests.some(({ url }) => url === wanted));
}));

test('search narrows the list by the keyboard alone', () => visit({}, folder, async (page) => {
  await page.press('/', '/');
  await page.type('BEACH jpg');
  assert.deepEqual(await names(page), ['../', 'beach 9.jpg', 'beach 10.jpg']);
  assert.equal(await page.evaluate(`document.querySelector('[role=status]').textContent`), '2 of 7 entries match');
  await page.press('Escape');
  assert.equal((await names(page)).length, 8);
  await page.type('nowhere');
  assert.ok(await page.has('StaticText', 'Nothing in this folder matches.'));
}));

test('a README is text and no markup', () => visit({}, folder, async (page) => {
  await page.evaluate(`document.querySelector('summary').click()`);
  await page.until(`document.querySelector('details pre').textContent === '# Beach\\n<b>not bold</b>\\n'`);
}));

test('a character that turns text around is shown as a sign', () => visit({}, folder, async (page) => {
  const [left, sign, right] = await page.evaluate(`(() => {
    const link = [...document.querySelectorAll('#list a')].find((each) => each.textContent.startsWith('invoice'));
    const boxes = [...link.childNodes].map((node) => {
      const range = document.createRange();
      range.selectNode(node);
      return range.getBoundingClientRect().left;
    });
    return boxes;
  })()`);
  assert.ok(left < sign && sign < right, `${left} ${sign} ${right}`);
}));

test('an empty folder and the root say so', () => visit({}, new URL('empty/', site.url), async (page) => {
  assert.ok(await page.has('StaticText', 'This folder is empty.'));
  await page.go(site.url);
  assert.equal(await page.evaluate('document.title'), 'home · quoit');
  assert.deepEqual(await names(page), ['empty/', 'photos/']);
}));

for (const [name, setup] of Object.entries({
  'a wide light page': { width: 1280, height: 800 },
  'a wide dark page': { width: 1280, height: 800, dark: true },
  'a phone': { width: 360, height: 740, touch: true },
  'a small dark phone': { width: 320, height: 640, touch: true, dark: true },
})) {
  test(`${name} fits`, () => visit(setup, folder, async (page) => {
    assert.ok(await widthFits(page));
    const least = await page.evaluate(`Math.min(...[...document.querySelectorAll('tbody tr')]
      .map((row) => row.getBoundingClientRect().height))`);
    assert.ok(least >= (setup.touch ? 48 : 40), `${least}`);
    const dark = await page.evaluate(`getComputedStyle(document.body).backgroundColor`);
    assert.equal(dark, setup.dark ? 'rgb(20, 24, 26)' : 'rgb(252, 251, 248)');
    if (pictures) writeFileSync(join(pictures, `${name.replaceAll(' ', '-')}.png`), await page.picture());
  }));
}

test('10,000 entries are shown, sorted and searched', async () => {
  for (let i = 0; i < 10_000; ++i) site.put(`many/file ${i}.txt`);
  await visit({ tree: false }, new URL('many/', site.url), async (page) => {
    const bytes = await page.evaluate(`performance.getEntriesByType('navigation')[0].decodedBodySize`);
    assert.ok(bytes <= 1_800_000, `${bytes}`);
    const paint = await page.evaluate(`Math.round(performance.getEntriesByType('paint')[0].startTime)`);
    console.log(`10,000 entries: ${bytes} bytes, first paint after ${paint} ms`);
    await page.evaluate(`document.querySelector('th button').click()`);
    assert.deepEqual((await names(page)).slice(0, 3), ['../', 'file 9999.txt', 'file 9998.txt']);
    await page.press('/', '/');
    await page.type('777');
    await page.until(`document.querySelector('[role=status]').textContent === '19 of 10000 entries match'`);
  });
});
