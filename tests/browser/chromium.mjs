// Drives headless Chromium by the DevTools protocol through two pipes, so that the tests need Node
// and Chromium and no package.
//
//   const browser = await Chromium.launch();      null: there is none, or it does not run here
//   const page = await browser.open({ width: 1280 });
//   await page.go(url); await page.evaluate('document.title');
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const limitMs = 60_000;

function find(names) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) if (existsSync(join(folder, name))) return join(folder, name);
  }
  return null;
}

export class Chromium {
  #calls = new Map();
  #listeners = new Set();
  #next = 0;

  static async launch() {
    const program = process.env.CHROMIUM ?? find(['chromium', 'chromium-browser', 'google-chrome']);
    if (!program) return null;
    const browser = new Chromium();
    browser.profile = mkdtempSync(join(tmpdir(), 'quoit-chromium-'));
    browser.process = spawn(program, ['--headless=new', '--no-sandbox', '--disable-gpu', '--lang=en-US',
      '--disable-dev-shm-usage', '--remote-debugging-pipe', `--user-data-dir=${browser.profile}`, 'about:blank'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true });
    browser.ended = new Promise((done) => browser.process.once('exit', done));
    browser.process.stdio[3].on('error', () => {});
    let text = '';
    browser.process.stdio[4].setEncoding('utf8');
    browser.process.stdio[4].on('data', (part) => {
      text += part;
      const messages = text.split('\0');
      text = messages.pop();
      for (const message of messages) browser.#take(JSON.parse(message));
    });
    const answers = await Promise.race([browser.send('Browser.getVersion'), browser.ended.then(() => null)]);
    if (!answers) {
      rmSync(browser.profile, { recursive: true, force: true });
      return null;
    }
    return browser;
  }

  #take(message) {
    if (message.id) {
      const { done, fail, method } = this.#calls.get(message.id);
      this.#calls.delete(message.id);
      if (message.error) fail(new Error(`${method}: ${message.error.message}`));
      else done(message.result);
    } else {
      for (const listener of this.#listeners) listener(message);
    }
  }

  send(method, params = {}, sessionId = undefined) {
    return new Promise((done, fail) => {
      const id = ++this.#next;
      this.#calls.set(id, { done, fail, method });
      this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + '\0');
    });
  }

  listen(listener) { this.#listeners.add(listener); }

  async open(setup = {}) {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, targetId, sessionId);
    await page.prepare(setup);
    return page;
  }

  async close() {
    this.process.kill('SIGTERM');
    await this.ended;
    // Child processes may live on and write into the profile. They are in the process group that
    // `detached` has made, whose end is awaited.
    for (let tries = 0; this.#killGroup() && tries < 500; ++tries) {
      await new Promise((done) => setTimeout(done, 20));
    }
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 30, retryDelay: 200 });
  }

  // False: no process of the group is left.
  #killGroup() {
    try {
      return process.kill(-this.process.pid, 'SIGKILL');
    } catch (error) {
      if (error.code === 'ESRCH') return false;
      throw error;
    }
  }
}

export class Page {
  messages = [];  // of the console, uncaught errors and violations of the policy
  requests = [];  // { method, url }
  #loaded = null;

  constructor(browser, targetId, session) {
    Object.assign(this, { browser, targetId, session });
    browser.listen((message) => { if (message.sessionId === session) this.#take(message); });
  }

  #take({ method, params }) {
    if (method === 'Page.loadEventFired') this.#loaded?.();
    if (method === 'Runtime.exceptionThrown') {
      const { text, exception } = params.exceptionDetails;
      this.messages.push(`${text} ${exception?.description ?? ''}`);
    }
    if (method === 'Log.entryAdded') this.messages.push(`${params.entry.source}: ${params.entry.text}`);
    if (method === 'Runtime.consoleAPICalled') this.messages.push(`console.${params.type}`);
    if (method === 'Network.requestWillBeSent') {
      this.requests.push({ method: params.request.method, url: params.request.url });
    }
    if (method === 'Page.javascriptDialogOpening') {
      this.browser.send('Page.handleJavaScriptDialog', { accept: true }, this.session).catch(() => {});
    }
    if (method === 'Page.fileChooserOpened') this.chosen?.(params);
  }

  send(method, params) { return this.browser.send(method, params, this.session); }

  // { width, height, dark, touch, script: false, tree: false, timezone, user: 'name:password' };
  // without the accessibility tree, large pages are quicker.
  async prepare(setup) {
    const { width = 1280, height = 900, dark = false, touch = false } = setup;
    for (const domain of ['Page', 'Runtime', 'Log', 'Network', 'DOM']) await this.send(`${domain}.enable`);
    if (setup.tree !== false) await this.send('Accessibility.enable');
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: touch });
    await this.send('Emulation.setTouchEmulationEnabled', { enabled: touch });
    await this.send('Emulation.setEmulatedMedia',
      { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] });
    await this.send('Emulation.setTimezoneOverride', { timezoneId: setup.timezone ?? 'America/New_York' });
    if (setup.script === false) await this.send('Emulation.setScriptExecutionDisabled', { value: true });
    if (setup.user) {
      const value = 'Basic ' + Buffer.from(setup.user).toString('base64');
      await this.send('Network.setExtraHTTPHeaders', { headers: { Authorization: value } });
    }
  }

  async go(url) {
    const loaded = new Promise((done) => { this.#loaded = done; });
    const { errorText } = await this.send('Page.navigate', { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await loaded;
  }

  async reload() {
    const loaded = new Promise((done) => { this.#loaded = done; });
    await this.send('Page.reload');
    await loaded;
  }

  async evaluate(expression) {
    const answer = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (answer.exceptionDetails) throw new Error(`${expression}: ${answer.exceptionDetails.exception?.description}`);
    return answer.result.value;
  }

  // Waits until the expression is true.
  async until(expression, why = expression) {
    const end = Date.now() + limitMs;
    for (;;) {
      const value = await this.evaluate(expression);
      if (value) return value;
      if (Date.now() > end) throw new Error(`does not come true: ${why}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  // The nodes of the accessibility tree that are not ignored: { role, name, properties }.
  async tree() {
    const { nodes } = await this.send('Accessibility.getFullAXTree');
    return nodes.filter((node) => !node.ignored).map((node) => ({
      role: node.role?.value,
      name: (node.name?.value ?? '').trim(),
      value: node.value?.value,
      node: node.backendDOMNodeId,
      properties: Object.fromEntries((node.properties ?? []).map(({ name, value }) => [name, value.value])),
    }));
  }

  // The node of that role and name, for which it waits.
  async find(role, name) {
    const matches = (text) => typeof name === 'string' ? text.toLowerCase() === name.toLowerCase() : name.test(text);
    const end = Date.now() + limitMs;
    for (;;) {
      const found = (await this.tree()).find((node) => node.role === role && matches(node.name));
      if (found) return found;
      if (Date.now() > end) throw new Error(`there is no ${role} ${name}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  async has(role, name) {
    const matches = (text) => typeof name === 'string' ? text.toLowerCase() === name.toLowerCase() : name.test(text);
    return (await this.tree()).some((node) => node.role === role && matches(node.name));
  }

  // Presses the mouse on the node of that role and name, as a person does.
  async click(role, name) {
    const { node } = await this.find(role, name);
    await this.send('DOM.scrollIntoViewIfNeeded', { backendNodeId: node });
    const { model } = await this.send('DOM.getBoxModel', { backendNodeId: node });
    const x = (model.content[0] + model.content[4]) / 2;
    const y = (model.content[1] + model.content[5]) / 2;
    for (const type of ['mousePressed', 'mouseReleased']) {
      await this.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
    }
  }

  async press(key, text = '') {
    const codes = { Enter: 13, Escape: 27, Tab: 9, ArrowDown: 40, ArrowUp: 38 };
    const shared = { key, code: key, windowsVirtualKeyCode: codes[key] ?? key.toUpperCase().charCodeAt(0) };
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', text: key === 'Enter' ? '\r' : text, ...shared });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...shared });
  }

  async type(text) { await this.send('Input.insertText', { text }); }

  // Clicks a button that opens a chooser of files, and chooses these.
  async choose(name, files) {
    await this.send('Page.setInterceptFileChooserDialog', { enabled: true });
    const opened = new Promise((done) => { this.chosen = done; });
    await this.click('button', name);
    const { backendNodeId } = await opened;
    await this.send('DOM.setFileInputFiles', { files, backendNodeId });
  }

  async drag(files) {
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop']) {
      await this.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data });
    }
  }

  network(conditions) {
    return this.send('Network.emulateNetworkConditions',
      { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1, ...conditions });
  }

  async picture() {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data, 'base64');
  }

  close() { return this.browser.send('Target.closeTarget', { targetId: this.targetId }); }
}
