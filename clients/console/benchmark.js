// How soon the console is seen, and how smoothly a map of 50,000 vectors moves: `node benchmark.js`, in this folder.

import { Node, create, insert, songs } from './tests/data.js';
import { launch, tab } from './tests/pages.js';

const VECTORS = 50_000;
const DIMENSION = 32;
const FRAMES = 240;
const ROUNDS = 5;

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const node = new Node();
await node.start();
const browser = await launch();
try {
  await create(node, 'many', DIMENSION, 'Cosine');
  await insert(node, 'many', songs(VECTORS, DIMENSION, 1), 2500);

  const paints = [];
  let weight = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { page, show, close } = await tab(browser, node);
    weight = 0;
    page.on('response', (response) => { weight += Number(response.headers()['content-length'] ?? 0); });
    await show('/');
    paints.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime));
    await close();
  }
  console.log(`first page: ${weight} bytes; first paint: median ${Math.round(median(paints))} ms of ${paints.map(Math.round).join(', ')}`);

  const start = performance.now();
  const { ids } = await node.ask('GET', `/collections/many/projection?limit=${VECTORS}&field=genre`);
  console.log(`projection of ${ids.length} vectors of dimension ${DIMENSION}: ${Math.round(performance.now() - start)} ms`);

  const { page, show } = await tab(browser, node);
  await show('/c/many/map');
  await page.getByLabel('Points', { exact: true }).selectOption(String(VECTORS));
  await page.getByText(`${VECTORS.toLocaleString('en')} of`).first().waitFor({ timeout: 60_000 });
  await page.locator('canvas[data-frames]').waitFor();
  const { rate, costs } = await page.evaluate(async (frames) => {
    const canvas = document.querySelector('canvas');
    const box = canvas.getBoundingClientRect();
    const send = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX: box.x + x, clientY: box.y + y, bubbles: true }));
    canvas.setPointerCapture = () => {};
    const next = () => new Promise((resolve) => requestAnimationFrame(resolve));
    send('pointerdown', 400, 300);
    for (let i = 0; i < 30; i++) { // until it is compiled
      send('pointermove', 400 + i, 300);
      await next();
    }
    const before = Number(canvas.dataset.frames);
    const begun = performance.now();
    for (let i = 0; i < frames; i++) {
      send('pointermove', 400 + 200 * Math.sin(i / 20), 300 + 100 * Math.cos(i / 20));
      await next();
    }
    const seconds = (performance.now() - begun) / 1000;
    send('pointercancel', 0, 0);
    return { rate: (Number(canvas.dataset.frames) - before) / seconds, costs: Number(canvas.dataset.millis) };
  }, FRAMES);
  console.log(`map of ${VECTORS} points, 1440 x 900, while it is dragged: ${rate.toFixed(1)} frames a second${costs ? `; ${costs.toFixed(1)} ms of work for the last one` : ''}`);
} finally {
  await browser.close();
  await node.end();
}
