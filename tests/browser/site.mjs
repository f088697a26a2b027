// A quoitd that serves a temporary directory, for the tests in a browser.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const limitMs = 60_000;

export class Site {
  static async start(program, options = []) {
    const site = new Site();
    site.program = program;
    site.options = options;
    site.folder = mkdtempSync(join(tmpdir(), 'quoit-site-'));
    site.root = join(site.folder, 'root');
    mkdirSync(site.root, { recursive: true });
    await site.run(0);
    return site;
  }

  async run(port) {
    this.errors = '';
    this.process = spawn(this.program, ['--listen', `127.0.0.1:${port}`, '--workers', '2', '--access-log', 'off',
      ...this.options, this.root], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.ended = new Promise((done) => this.process.once('exit', done));
    this.url = await new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`quoitd does not start: ${this.errors}`)), limitMs);
      this.process.stderr.setEncoding('utf8');
      this.process.stderr.on('data', (text) => {
        this.errors += text;
        const match = /listening on (https?:\S+)/.exec(this.errors);
        if (match) {
          clearTimeout(timer);
          done(match[1]);
        }
      });
    });
    this.port = Number(new URL(this.url).port);
  }

  put(name, content = '', seconds = undefined) {
    const path = join(this.root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    if (seconds !== undefined) utimesSync(path, seconds, seconds);
    return path;
  }

  kill(signal = 'SIGKILL') {
    this.process.kill(signal);
    return this.ended;
  }

  async stop() {
    await this.kill('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// A link to the server that can be cut: a port of its own whose bytes go to that of the site.
export class Link {
  #ends = new Set();

  static async to(site) {
    const link = new Link();
    link.server = createServer((near) => {
      const far = connect(site.port, '127.0.0.1');
      for (const [end, other] of [[near, far], [far, near]]) {
        link.#ends.add(end);
        end.on('error', () => {});
        end.on('close', () => {
          link.#ends.delete(end);
          other.destroy();
        });
        end.pipe(other);
      }
    });
    await link.mend();
    return link;
  }

  mend() {
    return new Promise((done) => this.server.listen(this.port ?? 0, '127.0.0.1', () => {
      this.port = this.server.address().port;
      this.url = `http://127.0.0.1:${this.port}/`;
      done();
    }));
  }

  cut() {
    const closed = new Promise((done) => this.server.close(done));
    for (const end of this.#ends) end.destroy();
    return closed;
  }
}
