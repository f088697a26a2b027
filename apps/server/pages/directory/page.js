// The script of the page of a directory: search, order and times in the reader's way, and writing
// where data-may of the body says that the reader may write. Names come from the rows of the table
// and from files, and become text only. Uploads go on after a break by the protocol of
// docs/uploads.md. Covered by tests/browser/.
(() => {
'use strict';

const find = (selector) => document.querySelector(selector);
const may = new Set(document.body.dataset.may.split(' '));
const table = find('#list');
const rowsOf = table.tBodies[0];
const said = find('[role=status]');
const here = new URL('.', location.href);

const root = new URL(find('.home').href ?? here).pathname;

const say = (text) => { said.textContent = text; };
const on = (target, event, handler) => target.addEventListener(event, handler);

function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  element.append(...children);
  return element;
}

function button(text, action, properties) {
  return make('button', { type: 'button', onclick: action, ...properties }, text);
}

// A name as an element: characters that control text are shown as signs, as the server shows them.
const controls = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;

function shown(name) {
  const element = make('bdi');
  let end = 0;
  for (const match of name.matchAll(controls)) {
    const sign = make('i', { className: 'sign' }, match[0]);
    const code = match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
    sign.dataset.sign = 'U+' + code;
    element.append(name.slice(end, match.index), sign);
    end = match.index + match[0].length;
  }
  element.append(name.slice(end));
  return element;
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

function sizeText(bytes) {
  let unit = 0;
  for (; bytes >= 1024 && unit < 6; ++unit) bytes /= 1024;
  return (unit ? (Math.floor(bytes * 10) / 10).toFixed(1) : bytes) + ' ' + units[unit];
}

function timeText(seconds) {
  if (seconds < 90) return Math.max(1, Math.round(seconds)) + ' s left';
  if (seconds < 5400) return Math.round(seconds / 60) + ' min left';
  return (seconds / 3600).toFixed(1) + ' h left';
}

const count = (number, one, many) => number + ' ' + (number === 1 ? one : many);

// ---- the table: rows, times, order, search ----

const isUp = (row) => row.cells[0].firstElementChild.getAttribute('href') === '../';
const entries = () => [...rowsOf.rows].filter((row) => !isUp(row));
const linkOf = (row) => row.cells[0].firstElementChild;
const isFolder = (row) => linkOf(row).getAttribute('href').endsWith('/');

function nameOf(row) {
  const text = linkOf(row).textContent;
  return isFolder(row) ? text.slice(0, -1) : text;
}

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const times = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

// Completes the rows, in slices, so that a large folder can be scrolled meanwhile.
async function completeRows() {
  const rows = [...rowsOf.rows];
  for (let i = 0; i < rows.length; ++i) {
    if (i % 1000 === 999) await wait(0);
    const time = rows[i].cells[2].firstElementChild;
    const date = new Date(time?.dateTime);
    if (!isNaN(date)) {
      time.textContent = times.format(date);
      time.title = date.toLocaleString();
    }
    if (may.has('replace')) addActions(rows[i]);
  }
}

const collator = new Intl.Collator(undefined, { numeric: true });
const keys = {
  name: () => 0,
  size: (row) => isFolder(row) ? 0 : parseInt(row.cells[1].title, 10),
  modified: (row) => row.cells[2].firstElementChild.dateTime,
};
let order = '';

function currentOrder() {
  const header = table.querySelector('th[aria-sort]');
  const key = header.textContent.toLowerCase();
  return (header.getAttribute('aria-sort') === 'descending' ? '-' : '') + key;
}

function sortRows() {
  const key = order.replace('-', '');
  const sign = order.startsWith('-') ? -1 : 1;
  const byName = key === 'name' ? sign : 1;
  const list = entries().map((row) => (
    { row, folder: isFolder(row), name: nameOf(row), value: keys[key](row) }));
  list.sort((a, b) => b.folder - a.folder ||
    (a.value < b.value ? -sign : a.value > b.value ? sign : byName * collator.compare(a.name, b.name)));
  const sorted = document.createDocumentFragment();
  for (const { row } of list) sorted.append(row);
  rowsOf.append(sorted);
  for (const header of table.tHead.rows[0].cells) {
    const control = header.firstElementChild;
    if (control.name !== 'sort') continue;
    const mine = control.value.replace('-', '');
    if (mine === key) {
      header.setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending');
      control.value = sign > 0 ? '-' + mine : mine;
    } else {
      header.removeAttribute('aria-sort');
      control.value = mine === 'name' ? mine : '-' + mine;
    }
  }
}

on(find('#sort'), 'submit', (event) => {
  event.preventDefault();
  order = event.submitter.value;
  sortRows();
  history.replaceState(null, '', '?sort=' + order);
  say('Sorted by ' + order.replace('-', 'descending '));
});

const search = find('input[type=search]');

function filterRows() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = entries();
  let found = 0;
  for (const row of rows) {
    const name = nameOf(row).toLowerCase();
    row.hidden = !words.every((word) => name.includes(word));
    if (!row.hidden) ++found;
  }
  const text = !words.length ? '' : found ? found + ' of ' + count(rows.length, 'entry matches', 'entries match') : 'Nothing matches';
  none.hidden = found > 0;
  none.textContent = rows.length ? 'Nothing in this folder matches.' : 'This folder is empty.';
  return text;
}

const none = find('#none');
on(search, 'input', () => say(filterRows()));
on(search, 'keydown', (event) => {
  if (event.key !== 'Escape' || !search.value) return;
  event.preventDefault();
  search.value = '';
  say(filterRows());
});
on(document, 'keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^(INPUT|TEXTAREA)$/.test(event.target.tagName) || find('dialog[open]')) return;
  event.preventDefault();
  search.focus();
});

// Fetches the page again after a change, and takes its rows and sums.
let refreshed = Promise.resolve();
const refresh = () => refreshed = refreshed.then(takeRows);

async function takeRows() {
  try {
    const answer = await fetch(here, { headers: { Accept: 'text/html' }, cache: 'no-cache' });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    closeMenu();
    rowsOf.replaceChildren(...page.querySelector('#list').tBodies[0].rows);
    find('#sum').textContent = page.querySelector('#sum').textContent;
    sortRows();
    filterRows();
    await completeRows();
  } catch { /* the rows stay as they are */ }
}

// The text of a file README is below the list: text, not markup.
function addReadme() {
  const row = entries().find((each) => /^readme(\.md|\.txt)?$/i.test(nameOf(each)) && !isFolder(each));
  if (!row) return;
  const text = make('pre');
  const details = make('details', {}, make('summary', {}, shown(nameOf(row))), text);
  const link = linkOf(row).href;
  on(details, 'toggle', async () => {
    if (text.textContent) return;
    const answer = await ask('GET', link, { Range: 'bytes=0-16383' });
    text.textContent = answer.status === 200 || answer.status === 206 ? answer.responseText : reasonOf(answer);
  });
  find('main').append(details);
}

// ---- requests and dialogs ----

// Sends a request. Resolves with the finished XMLHttpRequest, whose status is 0 where the server was
// not reached. `task` gets the progress and can be aborted.
function ask(method, url, fields, content, task) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(fields ?? {})) request.setRequestHeader(name, value);
    if (task) {
      task.request = request;
      request.upload.onprogress = (event) => task.progressed(event.loaded);
    }
    request.onloadend = () => {
      if (task) task.request = null;
      done(request);
    };
    request.send(content ?? null);
  });
}

// The reason of an answer, for people: the server's sentence behind the status.
function reasonOf(request) {
  if (request.status === 0) return 'the server cannot be reached';
  const text = fieldOf(request, 'Content-Type').startsWith('text/plain') ? request.responseText.trim() : '';
  const colon = text.indexOf(': ');
  return colon > 0 ? text.slice(colon + 2) : 'the server answers ' + request.status;
}

const fieldOf = (request, name) => request.getResponseHeader(name) ?? '';
const urlOf = (path) => new URL(path.split('/').map(encodeURIComponent).join('/'), here);

// Asks the reader in a dialog. Resolves with the text of the chosen button, empty where the
// dialog was closed without an answer. An input in the content gets the focus.
function dialog(label, content, buttons) {
  return new Promise((done) => {
    const row = make('div', {}, ...buttons.map((text, i) => make('button',
      { value: text, className: i > 0 ? '' : text === 'Delete' ? 'bad' : 'main' }, text)));
    row.append(button('Cancel', () => box.close()));
    const box = make('dialog', { ariaLabel: label }, make('form', { method: 'dialog' }, content, row));
    const before = document.activeElement;
    on(box, 'close', () => {
      box.remove();
      if (before?.isConnected) before.focus();
      done(box.returnValue);
    });
    document.body.append(box);
    box.showModal();
    const field = content.querySelector('input');
    (field ?? row.firstElementChild).focus();
    field?.setSelectionRange(0, field.value.replace(/(.)\.[^.]*$/, '$1').length);
  });
}

// ---- delete, rename, new folder ----

let menu = null;

function closeMenu(focusOpener) {
  if (!menu) return;
  const { element, opener } = menu;
  menu = null;
  element.remove();
  opener.ariaExpanded = false;
  if (focusOpener) opener.focus();
}

function openMenu(row, opener) {
  const wasMine = menu?.opener === opener;
  closeMenu();
  if (wasMine) return;
  const name = nameOf(row);
  const entry = (text, action) => button(text, () => { closeMenu(true); action(row); }, { ariaLabel: text + ' ' + name });
  const element = make('div', { className: 'menu' });
  if (may.has('rename')) element.append(entry('Rename', rename));
  element.append(entry('Delete', remove));
  opener.after(element);
  opener.ariaExpanded = true;
  menu = { element, opener };
  element.firstElementChild.focus();
}

on(document, 'click', (event) => {
  if (menu && !event.target.closest('.menu, .more')) closeMenu();
});
on(document, 'keydown', (event) => {
  if (event.key === 'Escape') closeMenu(true);
});

function addActions(row) {
  if (row.cells.length > 3) return;
  const more = button('⋯', (event) => openMenu(row, event.currentTarget),
    { className: 'more', ariaLabel: 'More actions for ' + nameOf(row), ariaExpanded: false });
  row.append(make('td', {}, isUp(row) ? '' : more));
}

async function remove(row) {
  const name = nameOf(row);
  const text = make('p', {}, isFolder(row) ? 'Delete the folder ' : 'Delete ', shown(name), '?');
  const choice = await dialog('Delete ' + name, text, ['Delete']);
  if (!choice) return;
  const answer = await ask('DELETE', linkOf(row).href);
  if (answer.status === 204 || answer.status === 404) {
    await refresh();
    return say(name + ' is deleted');
  }
  const isFull = answer.status === 409 && isFolder(row);
  const why = isFull ? 'the folder is not empty' : reasonOf(answer);
  dialog('Not deleted', make('p', {}, 'It is not deleted: ' + why + '.'), ['OK']);
}

// Asks for a name until `attempt(name)` resolves without a problem.
async function askForName(label, value, action, attempt) {
  const input = make('input', { value, required: true, autocomplete: 'off', spellcheck: false });
  for (let problem = ''; ;) {
    const content = make('section', {}, make('p', { role: 'alert' }, problem), make('label', {}, 'New name', input));
    if (!await dialog(label, content, [action])) return;
    problem = input.value.includes('/') ? 'A name has no slash.' : await attempt(input.value);
    if (!problem) return;
  }
}

// Shows what has changed, or resolves with the reason why nothing has.
async function outcome(answer, name, text) {
  if (answer.status === 405 || answer.status === 412) return 'There is already an entry of this name.';
  if (answer.status !== 201) return 'This does not work: ' + reasonOf(answer) + '.';
  await refresh();
  const row = entries().find((each) => nameOf(each) === name);
  if (row) linkOf(row).focus();
  say(text);
}

// A proxy may serve the root below a path, which Destination then does not have.
function rename(row) {
  const name = nameOf(row);
  askForName('Rename ' + name, name, 'Rename', async (chosen) => {
    if (chosen === name) return;
    const to = '/' + urlOf(chosen).pathname.slice(root.length) + (isFolder(row) ? '/' : '');
    const answer = await ask('MOVE', linkOf(row).href, { Destination: to, Overwrite: 'F' });
    return outcome(answer, chosen, name + ' is now ' + chosen);
  });
}

function newFolder() {
  askForName('New folder', '', 'Create', async (name) =>
    outcome(await ask('MKCOL', urlOf(name) + '/'), name, 'The folder ' + name + ' is created'));
}

// ---- uploads ----

const mostAtOnce = 3;
// Smaller files are sent again as a whole; proxies limit the size of a body.
const leastResumable = 1 << 20;
const partBytes = 64 << 20;
const stalledMs = 45000;
// Of the uploads that wait, and of those that are done.
const mostShown = 50;

// The places of unfinished uploads, which are found again after the page was closed.
function kept(key, place) {
  try {
    if (place === undefined) return localStorage.getItem(key);
    if (place) localStorage.setItem(key, place);
    else localStorage.removeItem(key);
  } catch { /* the browser keeps nothing */ }
}
const uploads = [];
let panel = null;

class Upload {
  constructor(file, path, batch) {
    Object.assign(this, { file, path, batch, url: urlOf(path) });
    this.key = 'quoit ' + JSON.stringify([this.url.pathname, file.size, file.lastModified]);
  }

  state = 'waits';
  note = '';
  sent = 0;
  base = 0;
  pauseMs = 1000;
  rate = 0;
  // How often the file had changed before it could be replaced.
  refused = 0;

  get isOver() { return /^(done|failed|skipped|cancelled)$/.test(this.state); }

  progressed(bytes) {
    const now = performance.now();
    const sent = this.base + bytes;
    const seconds = (now - this.ratedAt) / 1000;
    if (sent > this.sent) {
      this.movedAt = now;
      this.pauseMs = 1000;
    }
    this.sent = sent;
    if (seconds >= 0.5) {
      const rate = Math.max(0, sent - this.ratedFrom) / seconds;
      this.rate = this.rate ? 0.7 * this.rate + 0.3 * rate : rate;
      this.ratedAt = now;
      this.ratedFrom = sent;
    }
  }

  ask(method, url, fields, content) {
    this.movedAt = this.ratedAt = performance.now();
    this.ratedFrom = this.base;
    return ask(method, url, fields, content, this);
  }

  // The condition of the first request: nothing is replaced that the reader has not seen.
  condition() { return this.tag ? { 'If-Match': this.tag } : { 'If-None-Match': '*' }; }

  set(state, note) {
    this.state = state;
    this.note = note ?? '';
    render();
  }

  // Tries until the upload is over or paused. Each step returns what follows: 'done', 'exists',
  // 'again' (at once), 'later' (after a pause), or a sentence, which ends it.
  run() {
    this.set('runs');
    this.loop = (this.loop ?? Promise.resolve()).then(() => this.go());
    return this.loop;
  }

  async go() {
    while (this.state === 'runs') {
      const isWhole = this.file.size < leastResumable || !may.has('resumable');
      const step = await (isWhole ? this.putWhole() : this.putParts());
      if (this.state === 'cancelled') return this.forget();
      if (step === 'done') {
        kept(this.key, null);
        this.sent = this.file.size;
        this.set('done');
        changed();
      } else if (this.state === 'paused') {
        return;
      } else if (step === 'exists') {
        await this.meetExisting();
      } else if (step === 'later') {
        await this.pause();
      } else if (step !== 'again') {
        kept(this.key, null);
        this.set('failed', step);
        say(this.path + ' failed: ' + step);
      }
    }
  }

  // What follows from an answer that is no success.
  judge(answer) {
    const status = answer.status;
    if (status === 412) return 'exists';
    if ([0, 408, 429].includes(status) || status >= 500 && ![501, 507].includes(status)) return 'later';
    return reasonOf(answer);
  }

  async putWhole() {
    this.base = this.sent = 0;
    const answer = await this.ask('PUT', this.url, this.condition(), this.file);
    return answer.status === 201 || answer.status === 204 ? 'done' : this.judge(answer);
  }

  async putParts() {
    this.place ||= kept(this.key);
    if (!this.place) return this.create();
    const url = new URL(this.place, this.url);
    const state = await this.ask('HEAD', url);
    if (state.status === 404 || state.status === 410) {
      this.lose();
      return 'later';
    }
    if (state.status !== 204) return this.judge(state);
    if (fieldOf(state, 'Upload-Complete') === '?1') return 'done';
    this.base = this.sent = Number(fieldOf(state, 'Upload-Offset'));
    while (this.state === 'runs') {
      const end = Math.min(this.base + partBytes, this.file.size);
      const answer = await this.ask('PATCH', url, {
        'Content-Type': 'application/partial-upload',
        'Upload-Offset': this.base,
        'Upload-Complete': end === this.file.size ? '?1' : '?0',
      }, this.file.slice(this.base, end));
      const isOver = answer.status !== 0 && fieldOf(answer, 'Upload-Complete') === '?1';
      if (isOver && answer.status < 300) return 'done';
      if (isOver || answer.status === 404) {
        this.lose();
        return answer.status === 404 ? 'later' : this.judge(answer);
      }
      if (answer.status !== 204) return answer.status === 409 ? 'later' : this.judge(answer);
      this.base = this.sent = end;
    }
    return 'again';
  }

  async create() {
    this.isCreating = true;
    const answer = await this.ask('PUT', this.url,
      { ...this.condition(), 'Upload-Complete': '?0', 'Upload-Length': this.file.size });
    this.isCreating = false;
    if (answer.status !== 201) return answer.status === 501 ? (may.delete('resumable'), 'again') : this.judge(answer);
    // The upload is beside its target; a proxy may serve both below another path.
    this.place = fieldOf(answer, 'Location').split('/').pop();
    kept(this.key, this.place);
    return 'again';
  }

  // Waits before the next attempt, longer each time, and less where the browser is online again.
  async pause() {
    const milliseconds = this.pauseMs;
    this.pauseMs = Math.min(30000, milliseconds * 2);
    const note = navigator.onLine ? 'no connection' : 'offline';
    this.set('retries', note + ', trying again in ' + Math.round(milliseconds / 1000) + ' s');
    await new Promise((done) => {
      this.wake = done;
      setTimeout(done, milliseconds);
    });
    if (this.state === 'retries') this.set('runs');
  }

  // There is a file of this name: the reader decides, once for all files that were chosen together.
  async meetExisting() {
    const note = 'there is already a file of this name';
    if (!may.has('replace')) return this.set('failed', note);
    if (this.tag && ++this.refused > 2) return this.set('failed', 'the file changes all the time');
    this.set('asks', note);
    const choice = await this.batch.ask(this);
    if (this.state !== 'asks') return;
    if (choice !== 'Replace') return this.set('skipped', 'not replaced');
    this.set('runs');
    // With Range, the tag is that of the file and not that of a precompressed sibling.
    const answer = await this.ask('HEAD', this.url, { Range: 'bytes=0-' });
    if (answer.status === 404) this.tag = null;
    else this.tag = answer.status === 200 ? fieldOf(answer, 'ETag') || '*' : '*';
  }

  stop(state) {
    const before = this.state;
    this.set(state);
    if (this.request && !this.isCreating) this.request.abort();
    this.wake?.();
    if (state === 'cancelled' && before !== 'runs' && before !== 'retries') this.forget();
  }

  lose() {
    kept(this.key, null);
    this.place = null;
  }

  // Removes what the server has of a cancelled upload.
  forget() {
    this.place ??= kept(this.key);
    if (this.place) ask('DELETE', new URL(this.place, this.url));
    this.lose();
    render();
  }
}

// Files that were chosen together: their one question.
class Batch {
  waiting = [];

  ask(upload) {
    this.waiting.push(upload);
    return this.answer ??= this.open();
  }

  async open() {
    // Others of the batch may exist as well.
    await wait(300);
    const names = make('p', {}, this.waiting.length === 1 ? 'There is already a file ' : 'There are already files ');
    this.waiting.slice(0, 5).forEach((upload, i) => names.append(i ? ', ' : '', shown(upload.path)));
    if (this.waiting.length > 5) names.append(' and others');
    names.append('. Your answer is for all files of this upload.');
    return await dialog('Replace?', names, ['Replace', 'Skip']);
  }
}

let changeTimer = 0;

// Shows new files soon: not after each of many small ones.
function changed() {
  clearTimeout(changeTimer);
  changeTimer = setTimeout(refresh, uploads.some((upload) => !upload.isOver) ? 1500 : 0);
}

function pump() {
  let running = uploads.filter((upload) => /^(runs|retries|asks)$/.test(upload.state)).length;
  for (const upload of uploads) {
    if (running >= mostAtOnce) break;
    if (upload.state !== 'waits') continue;
    ++running;
    upload.run().finally(() => {
      if (uploads.every((each) => each.isOver)) finish();
      pump();
    });
  }
}

function finish() {
  const [done, failed] = ['done', 'failed'].map((state) => uploads.filter((upload) => upload.state === state).length);
  say(count(done, 'file', 'files') + ' uploaded' + (failed ? ', ' + failed + ' failed' : ''));
  render();
}

const labels = { waits: 'waiting', paused: 'paused', done: 'done', cancelled: 'cancelled' };

function describe(upload) {
  const size = upload.file.size;
  if (upload.state !== 'runs') {
    const part = upload.state === 'paused' && size ? ' at ' + Math.floor(100 * upload.sent / size) + ' %' : '';
    return (upload.note || labels[upload.state] || upload.state) + part;
  }
  let text = (size ? Math.floor(100 * upload.sent / size) : 100) + ' % of ' + sizeText(size);
  if (upload.rate > 0) text += ', ' + sizeText(upload.rate) + '/s, ' + timeText((size - upload.sent) / upload.rate);
  return text;
}

function makeItem(upload) {
  const bar = make('progress', { max: Math.max(1, upload.file.size), ariaLabel: upload.path });
  const how = make('span', { className: 'how' });
  const hold = button('Pause', () => {
    if (upload.state === 'paused' || upload.state === 'failed') upload.set('waits');
    else upload.stop('paused');
    pump();
  });
  const cancel = button('Cancel', () => {
    upload.stop('cancelled');
    pump();
  }, { ariaLabel: 'Cancel ' + upload.path });
  const element = make('li', {}, make('div', {}, shown(upload.path), bar, how), hold, cancel);
  return { element, bar, how, hold, cancel };
}

function updateItem(upload) {
  const { bar, how, hold, cancel } = upload.item;
  bar.value = upload.file.size ? upload.sent : upload.state === 'done' ? 1 : 0;
  bar.hidden = upload.isOver;
  const text = describe(upload);
  if (how.textContent !== text) how.textContent = text;
  how.classList.toggle('failed', upload.state === 'failed');
  const verb = upload.state === 'paused' ? 'Resume' : upload.state === 'failed' ? 'Retry' : 'Pause';
  if (hold.textContent !== verb) hold.textContent = verb;
  hold.ariaLabel = verb + ' ' + upload.path;
  hold.hidden = upload.isOver && upload.state !== 'failed' || upload.state === 'asks';
  cancel.hidden = upload.isOver;
}

let rendering = false;

// Shows the queue, once a frame.
function render() {
  if (rendering || !panel) return;
  rendering = true;
  requestAnimationFrame(() => {
    rendering = false;
    let waiting = 0;
    let over = 0;
    for (const upload of uploads) {
      if (upload.state === 'waits' && ++waiting > mostShown) continue;
      if ((upload.state === 'done' || upload.state === 'skipped') && ++over > mostShown) {
        upload.item?.element.remove();
        continue;
      }
      if (!upload.item) {
        upload.item = makeItem(upload);
        panel.list.append(upload.item.element);
      }
      updateItem(upload);
    }
    const done = uploads.filter((upload) => upload.isOver).length;
    panel.title.textContent = 'Uploads' + (uploads.length ? ': ' + done + ' of ' + uploads.length : '');
    panel.more.hidden = waiting <= mostShown;
    panel.more.textContent = waiting - mostShown + ' more are waiting';
    panel.stop.hidden = done === uploads.length;
    panel.close.hidden = done < uploads.length;
  });
}

function openPanel() {
  if (panel) return;
  const title = make('h2', {}, 'Uploads');
  const list = make('ul', {});
  const more = make('p', { hidden: true });
  const stop = button('Cancel all', () => {
    for (const upload of uploads) if (!upload.isOver) upload.stop('cancelled');
  });
  const close = button('Close', () => {
    panel.element.remove();
    panel = null;
    uploads.length = 0;
  });
  const head = make('header', {}, title, stop, close);
  const element = make('section', { className: 'queue', ariaLabel: 'Uploads' }, head, list, more);
  panel = { element, title, list, more, stop, close };
  table.before(element);
}

// Lists the uploads that an earlier page has begun, whose files the reader may choose again. It asks
// the server for none of them: another page may be sending one, which a HEAD would interrupt.
const unfinished = new Map();

function addUnfinished() {
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith('quoit ["' + here.pathname)) continue;
    const url = new URL(JSON.parse(key.slice(6))[0], here);
    const path = decodeURIComponent(url.pathname.slice(here.pathname.length));
    openPanel();
    const how = make('p', { className: 'how' }, 'Choose the file again to resume ', shown(path));
    const cancel = button('Cancel', () => {
      ask('DELETE', new URL(kept(key), url));
      kept(key, null);
      element.remove();
    }, { ariaLabel: 'Cancel ' + path });
    const element = make('li', {}, make('div', {}, shown(path), how), cancel);
    unfinished.set(key, element);
    panel.list.append(element);
    render();
  }
}

function enqueue(files) {
  const batch = new Batch();
  for (const { file, path } of files) {
    const isActive = uploads.some((upload) => upload.path === path && !upload.isOver);
    if (isActive) continue;
    const upload = new Upload(file, path, batch);
    unfinished.get(upload.key)?.remove();
    uploads.push(upload);
  }
  if (!files.length) return;
  openPanel();
  render();
  pump();
}

setInterval(() => {
  const now = performance.now();
  for (const upload of uploads) {
    if (upload.request && now - upload.movedAt > stalledMs) upload.request.abort();
  }
  if (uploads.some((upload) => upload.state === 'runs')) render();
}, 500);

on(window, 'online', () => uploads.forEach((upload) => upload.wake?.()));
on(window, 'beforeunload', (event) => {
  if (uploads.some((upload) => !upload.isOver && upload.state !== 'paused')) event.preventDefault();
});

// The files of a dropped entry; a folder gives its files in parts.
async function filesOf(entry, path, files) {
  if (entry.isFile) {
    const file = await new Promise((done) => entry.file(done, () => done(null)));
    if (file) files.push({ file, path });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const part = await new Promise((done) => reader.readEntries(done, () => done([])));
    if (!part.length) return;
    for (const each of part) await filesOf(each, path + '/' + each.name, files);
  }
}

async function drop(transfer) {
  const files = [];
  const roots = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  for (const root of roots) await filesOf(root, root.name, files);
  enqueue(files);
}

function addUploads() {
  const choose = (properties) => {
    const input = make('input', { type: 'file', multiple: true, hidden: true, ...properties });
    on(input, 'change', () => {
      enqueue([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
      input.value = '';
    });
    return input;
  };
  const one = choose({});
  const all = choose({ webkitdirectory: true });
  const tools = make('div', { className: 'tools' },
    button('Upload files', () => one.click(), { className: 'main' }), one,
    button('Upload folder', () => all.click()), all,
    button('New folder', newFolder), make('small', {}, 'or drop them anywhere'));
  find('#tools').after(tools);
  const hasFiles = (event) => [...event.dataTransfer?.types ?? []].includes('Files');
  let depth = 0;
  const show = (isOn) => document.body.classList.toggle('drops', isOn);
  on(window, 'dragenter', (event) => { if (hasFiles(event)) show(++depth > 0); });
  on(window, 'dragleave', (event) => { if (hasFiles(event)) show(--depth > 0); });
  on(window, 'dragover', (event) => { if (hasFiles(event)) event.preventDefault(); });
  on(window, 'drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    show(false);
    drop(event.dataTransfer);
  });
}

// ---- the beginning ----

search.closest('label').hidden = false;
find('#utc').remove();
order = currentOrder();
if (may.has('upload')) addUploads();
if (may.has('resumable')) {
  try { addUnfinished(); } catch { /* the browser keeps nothing */ }
}
if (may.has('replace')) {
  table.tHead.rows[0].append(make('th', { scope: 'col' }, make('span', { className: 'hide' }, 'Actions')));
}
completeRows();
addReadme();
})();
