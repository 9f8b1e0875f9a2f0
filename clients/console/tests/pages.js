// A browser with the console open, and what every page must hold.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => spawnSync(path, ['--version']).status === 0);

let playwright;
try {
  playwright = await import('playwright-core');
} catch {
  // `npm ci` brings it.
}

/** Why nothing can be tested, if that is so. */
export const missing = !executablePath ? 'needs chromium' : !playwright ? 'needs npm ci' : false;

const pictures = process.env.SONIDB_SCREENSHOTS && fileURLToPath(new URL('../../../docs/console/', import.meta.url));

export const SIZES = [['wide', 1440, 'light'], ['narrow', 390, 'dark']];

export const launch = () => playwright.chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-features=WebRtcHideLocalIpsWithMdns'] });

/** A tab. `problems` collects what must not happen in any: errors, requests to other hosts. */
export async function tab(browser, node, { width = 1440, scheme = 'light', key } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, acceptDownloads: true });
  if (key) await context.addInitScript((text) => sessionStorage.setItem('sonidb-key', text), key);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error.stack ?? error)));
  page.on('console', (message) => {
    // A refusal is shown by the page, and told by the browser, too.
    if (message.type() === 'error' && !/status of (4\d\d|501)/.test(message.text())) problems.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(node.url) && !/^(blob|data):/.test(request.url())) problems.push(`asked ${request.url()}`);
  });
  const show = async (address) => {
    await page.goto('about:blank');
    await page.goto(`${node.url}/console/#${address}`);
    await page.locator('h1').waitFor();
  };
  return { page, problems, show, close: () => context.close() };
}

const axe = missing ? '' : readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What must hold of every page in every state: it fits, nothing failed, and axe finds nothing serious. */
export async function check({ page, problems }, what) {
  assert.deepEqual(problems, [], what);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, `${what} is wider than the window`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 4).map(({ html, any }) => `${html.slice(0, 200)} ${any[0]?.message ?? ''}`).join('\n')}`);
  assert.deepEqual(serious, [], what);
}

/** Keeps a picture for the documentation, if they are wanted. */
export async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.evaluate(() => window.scrollTo(0, 0));
  const file = `${pictures}${name}.png`;
  writeFileSync(file, await page.screenshot({ fullPage: true, animations: 'disabled' }));
  // 64 colours are enough for a page, and a quarter of the bytes.
  spawnSync('ffmpeg', ['-v', 'error', '-y', '-i', file, '-vf', 'split[a][b];[a]palettegen=max_colors=128[p];[b][p]paletteuse=dither=none', '-frames:v', '1', '-update', '1', `${file}.small.png`]);
  try {
    writeFileSync(file, readFileSync(`${file}.small.png`));
    spawnSync('rm', [`${file}.small.png`]);
  } catch {
    // Without ffmpeg it stays as it is.
  }
}
