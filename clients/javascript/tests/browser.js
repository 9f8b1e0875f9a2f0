// A page in headless Chromium, which can import sonidb.js, reach a node, and tell what it found.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MODULE } from './node.js';

const chromium = process.env.CHROMIUM ?? 'chromium';

/** Whether there is a browser. */
export const hasBrowser = spawnSync(chromium, ['--version']).status === 0;

/**
 * Runs the body of an async function in a page; it sees `sonidb`, the module, and returns JSON.
 * Requests for `/collections/...` reach the node.
 *
 * @param {Record<string, Buffer>} scripts what else the page can load, by path
 */
export async function inBrowser(node, script, scripts = {}) {
  const page = `<!doctype html><script type="module">
    let told;
    try {
      const sonidb = await import('/sonidb.js');
      told = { value: await (async () => { ${script} })() };
    } catch (e) {
      told = { error: String(e.stack ?? e) };
    }
    await fetch('/told', { method: 'POST', body: JSON.stringify(told) });
  </script>`;
  const profile = mkdtempSync(join(tmpdir(), 'sonidb-browser-'));
  let browser;
  let server;
  try {
    const told = await new Promise((resolve, reject) => {
      server = createServer((from, to) => {
        if (from.url === '/') {
          to.writeHead(200, { 'content-type': 'text/html' }).end(page);
        } else if (from.url === '/sonidb.js') {
          to.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(MODULE));
        } else if (scripts[from.url]) {
          to.writeHead(200, { 'content-type': 'text/javascript' }).end(scripts[from.url]);
        } else if (from.url === '/told') {
          let text = '';
          from.on('data', (piece) => { text += piece; }).on('end', () => {
            to.end();
            resolve(JSON.parse(text));
          });
        } else if (from.url.startsWith('/collections/')) {
          const { origin, host, ...headers } = from.headers;
          const passed = request(node.url + from.url, { method: from.method, headers }, (answer) => {
            to.writeHead(answer.statusCode, answer.headers);
            answer.pipe(to);
          });
          passed.on('error', () => to.destroy());
          to.on('close', () => passed.destroy());
          from.pipe(passed);
        } else {
          to.writeHead(404).end();
        }
      });
      server.listen(0, '127.0.0.1', () => {
        const address = `http://localhost:${server.address().port}/`;
        const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required', '--disable-features=WebRtcHideLocalIpsWithMdns', `--user-data-dir=${profile}`];
        // In a process group of its own, for it has children.
        browser = spawn(chromium, [...flags, address], { stdio: 'ignore', detached: true });
        browser.once('error', reject);
        browser.once('exit', (code) => reject(new Error(`the browser ended with ${code}`)));
      });
    });
    if (told.error) throw new Error(told.error);
    return told.value;
  } finally {
    if (browser?.pid !== undefined) await end(browser);
    server?.closeAllConnections();
    server?.close();
    await remove(profile);
  }
}

/** Kills a browser with all its processes, and waits for the first one. */
async function end(browser) {
  const gone = browser.exitCode === null && browser.signalCode === null
    ? new Promise((resolve) => browser.once('exit', resolve))
    : undefined;
  try {
    process.kill(-browser.pid, 'SIGKILL');
  } catch (e) {
    if (e.code !== 'ESRCH') throw e; // none is left
  }
  await gone;
}

/** Removes a folder into which a process that is just ending may still write. */
async function remove(folder) {
  for (let tries = 100; ; tries--) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (e) {
      if (e.code !== 'ENOTEMPTY' || tries === 0) throw e;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
