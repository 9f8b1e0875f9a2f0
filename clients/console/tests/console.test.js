import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, readdirSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SEED } from '../../javascript/tests/node.js';
import { Node, create, insert, npy, songs } from './data.js';
import { SIZES, check, launch, missing, picture, tab } from './pages.js';

const DIMENSION = 384;
const SONGS = 3000;

/** Flips a bit in the middle of the first sealed file of a collection. */
async function damage(node, name) {
  const { file, bytes } = (await node.ask('GET', `/collections/${name}/segments`)).segments.find(({ sealed }) => sealed);
  const found = readdirSync(node.data, { recursive: true }).find((each) => each.endsWith(file) && statSync(join(node.data, each)).size === bytes);
  const handle = openSync(join(node.data, found), 'r+');
  const byte = Buffer.alloc(1);
  readSync(handle, byte, 0, 1, bytes >> 1);
  byte[0] ^= 4;
  writeSync(handle, byte, 0, 1, bytes >> 1);
  closeSync(handle);
}

/** Some seconds of life, for a picture. */
async function live(node) {
  const end = performance.now() + 5000;
  for (let i = 0; performance.now() < end; i++) {
    await insert(node, 'rounded', songs(20 + i % 7 * 10, 128, i));
    await node.ask('POST', '/collections/songs/points/query', { query: 3 });
  }
}

const npyFile = (name, rows) => ({ name, mimeType: 'application/octet-stream', buffer: npy(rows) });

async function downloaded(page, act) {
  const [file] = await Promise.all([page.waitForEvent('download'), act()]);
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
}

describe('the console', { skip: missing, timeout: 900_000 }, () => {
  const node = new Node();
  const points = songs(SONGS, DIMENSION, SEED);
  let browser;
  before(async () => {
    await node.start();
    browser = await launch();
    await create(node, 'songs', DIMENSION, 'Cosine', { segment_bytes: 1 << 20 });
    await insert(node, 'songs', points);
    await create(node, 'pictures', 64, 'Euclid', { sonification: 'frequency' });
    await insert(node, 'pictures', songs(300, 64, SEED + 1));
    await create(node, 'rounded', 128, 'Dot', { quantize: 8 });
    await insert(node, 'rounded', songs(800, 128, SEED + 2));
    await create(node, 'nothing yet', 4, 'Cosine');
  });
  after(async () => {
    await browser?.close();
    await node.end();
  });

  test('refuses files that it has not, and lets none be run from elsewhere', async () => {
    for (const file of ['nothing.js', 'INDEX.HTML', '..%2fweb%2fsonidb.js', 'package-info.class', 'a'.repeat(3000)]) {
      const response = await fetch(`${node.url}/console/${file}`);
      assert.ok([400, 404].includes(response.status), `${file}: ${response.status}`);
    }
    const entered = await fetch(`${node.url}/console`, { redirect: 'manual' });
    assert.deepEqual([entered.status, entered.headers.get('location')], [301, '/console/']);
    for (const file of ['', 'console.js', 'console.css', 'icon.svg']) {
      const response = await fetch(`${node.url}/console/${file}`);
      const policy = response.headers.get('content-security-policy');
      assert.match(policy, /^default-src 'self';/);
      assert.doesNotMatch(policy, /unsafe|\*|https?:/);
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
      const again = await fetch(`${node.url}/console/${file}`, { headers: { 'if-none-match': response.headers.get('etag') } });
      assert.equal(again.status, 304, file);
    }
  });

  test('begins with less than 200 KB, and loads a page when it opens', async (t) => {
    const { page, show, close } = await tab(browser, node);
    let bytes = 0;
    const files = [];
    page.on('response', async (response) => {
      bytes += Number(response.headers()['content-length'] ?? 0);
      files.push(new URL(response.url()).pathname);
    });
    await show('/');
    await page.getByRole('table').first().waitFor();
    assert.ok(bytes > 0 && bytes < 200_000, `${bytes} bytes`);
    for (const later of ['map.js', 'listen.js', 'vector.js', 'integrity.js']) assert.ok(!files.includes(`/console/${later}`), later);
    const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
    t.diagnostic(`first page: ${bytes} bytes, first paint after ${Math.round(paint)} ms`);
    await show('/c/songs/map');
    assert.ok(files.includes('/console/map.js'));
    await close();
  });

  for (const [size, width, scheme] of SIZES) {
    describe(`${size}, ${width} px, ${scheme}`, () => {
      let view;
      before(async () => { view = await tab(browser, node, { width, scheme }); });
      after(() => view.close());

      test('shows all collections, with their segments', async () => {
        const { page, show } = view;
        await show('/');
        await page.getByText('songs: ', { exact: false }).click();
        await page.getByText('sealed', { exact: true }).first().waitFor();
        if (process.env.SONIDB_SCREENSHOTS) await live(node);
        await check(view, 'collections');
        await picture(page, `collections-${size}`);
      });

      test('shows one collection, and what a search finds', async () => {
        const { page, show } = view;
        await show('/c/songs');
        await page.getByLabel('Id', { exact: true }).fill('3');
        await page.getByRole('button', { name: 'Check recall' }).click();
        await page.getByText(/^Recall \d+ %$/).waitFor();
        await page.getByRole('button', { name: 'Add a condition' }).click();
        await page.getByLabel('Field').fill('genre');
        await page.getByLabel('Value').fill('jazz');
        await page.getByLabel('Value').press('Tab');
        await page.getByText('As JSON').click();
        await page.getByText(/\d match$/).waitFor();
        await check(view, 'collection');
        await picture(page, `collection-${size}`);
      });

      test('shows a vector, and another one beside it', async () => {
        const { page, show } = view;
        await show('/c/songs/v/3');
        await page.getByText(/^amplitude: /).waitFor();
        await check(view, 'vector');
        await page.getByLabel('Compare with', { exact: true }).fill('7');
        await page.getByRole('button', { name: 'Compare', exact: true }).click();
        await page.getByText('Euclidean distance').waitFor();
        await page.getByRole('button', { name: 'frequency' }).click();
        await page.getByText(/^frequency: /).nth(1).waitFor();
        await check(view, 'two vectors');
        await picture(page, `vector-${size}`);
      });

      test('shows the map', async () => {
        const { page, show } = view;
        await show('/c/songs/map');
        await page.getByText(/of the variance/).first().waitFor();
        await page.locator('canvas[data-frames]').waitFor();
        await check(view, 'map');
        await picture(page, `map-${size}`);
      });

      test('shows vectors as they arrive', async () => {
        const { page, show } = view;
        await show('/c/songs/listen');
        await page.getByLabel('Records').selectOption('all');
        await page.getByLabel('As JSON').fill(JSON.stringify({ weights: [0, 1].map((i) => points[i].vector.map((value) => Number((20 * value).toFixed(2)))), labels: ['like 0', 'like 1'] }));
        await page.getByLabel('As JSON').press('Tab');
        await page.getByRole('button', { name: 'Listen', exact: true }).click();
        await page.getByText('like 0').first().waitFor();
        await page.locator('.tile', { hasText: 'Verified' }).getByText(/^3,0\d\d$/).waitFor();
        await check(view, 'listen');
        // Some hundred columns at the right are of many colours.
        const drawn = await page.locator('canvas.live').evaluate((canvas) => {
          const { data } = canvas.getContext('2d').getImageData(canvas.width - 150, 0, 150, canvas.height);
          return new Set(new Uint32Array(data.buffer)).size;
        });
        assert.ok(drawn > 100, `${drawn} colours`);
        await picture(page, `listen-${size}`);
      });

      test('shows whether all is sound', async () => {
        const { page, show } = view;
        await show('/c/pictures/integrity');
        await page.getByRole('button', { name: 'Verify' }).click();
        await page.getByText('All sound.').waitFor();
        await check(view, 'integrity');
      });

      test('has a look for what is empty, missing, or nonsense', async () => {
        const { page, show } = view;
        for (const [address, text] of [['/c/nothing%20yet', 'No points yet'], ['/c/nothing%20yet/map', 'Nothing to show'], ['/c/nothing%20yet/integrity', 'No files yet'], ['/c/gone', 'There is no such thing'],
          ['/c/songs/v/nobody', 'There is no such thing'], ['/c/%ff', 'There is no such page'], ['/elsewhere', 'There is no such page']]) {
          await show(address);
          await page.getByText(text).first().waitFor();
          await check(view, address);
        }
      });
    });
  }

  describe('collections', () => {
    let view;
    before(async () => { view = await tab(browser, node); });
    after(() => view.close());

    test('are made and dropped, and what is wrong is said', async () => {
      const { page, show } = view;
      await show('/');
      await page.getByRole('button', { name: 'New collection' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('songs');
      await dialog.getByRole('button', { name: 'Create' }).click();
      await dialog.getByText(/already exists/).waitFor();
      await dialog.getByLabel('Name').fill('a/b');
      await dialog.getByRole('button', { name: 'Create' }).click();
      await dialog.getByText(/cannot contain/).waitFor();
      await check(view, 'new collection');
      await dialog.getByLabel('Name').fill('fresh <b>one</b>'.replace(/[<>/]/g, '_'));
      await dialog.getByLabel('Dimension').fill('3');
      await dialog.getByLabel('Sonification').selectOption('pulse');
      await dialog.getByRole('button', { name: 'Create' }).click();
      await page.getByRole('link', { name: 'fresh _b_one__b_' }).waitFor();
      await page.getByRole('button', { name: 'Drop fresh _b_one__b_' }).click();
      const drop = page.getByRole('dialog').getByRole('button', { name: 'Drop' });
      assert.ok(await drop.isDisabled());
      await page.getByRole('dialog').getByRole('textbox').fill('fresh _b_one__b_');
      await drop.click();
      await page.getByText('fresh _b_one__b_ is dropped.').waitFor();
      assert.ok(!(await node.ask('GET', '/collections')).collections.some(({ name }) => name.startsWith('fresh')));
    });

    test('tell writes and queries as they happen', async () => {
      const { page, show } = view;
      await show('/');
      const row = page.getByRole('row', { name: /rounded/ });
      const writes = row.locator('[data-label="Writes a second"]');
      for (let i = 0; !/[1-9]/.test(await writes.textContent()); i++) {
        assert.ok(i < 200, 'no rate was told');
        await insert(node, 'rounded', [{ ...songs(1, 128, SEED + i)[0], id: 5000 + i }]);
      }
      const queries = row.locator('[data-label="Queries a second"]');
      for (let i = 0; !/[1-9]/.test(await queries.textContent()); i++) {
        assert.ok(i < 400, 'no rate was told');
        await node.ask('POST', '/collections/rounded/points/query', { query: 1 });
      }
    });
  });

  describe('one collection', () => {
    let view;
    before(async () => { view = await tab(browser, node); });
    after(() => view.close());

    test('turns its pages', async () => {
      const { page, show } = view;
      await show('/c/songs');
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByText('Page 2').waitFor();
      await page.getByRole('link', { name: '20', exact: true }).waitFor();
      await page.getByRole('button', { name: 'Previous' }).click();
      await page.getByRole('link', { name: '0', exact: true }).waitFor();
    });

    test('filters by conditions, and shows the JSON', async () => {
      const { page, show } = view;
      await show('/c/songs');
      await page.getByRole('button', { name: 'Add a condition' }).click();
      await page.getByLabel('Value').fill('rock');
      await page.getByLabel('Value').press('Tab');
      await page.getByText('Say which field').waitFor();
      await page.getByLabel('Field').fill('genre');
      await page.getByLabel('Field').press('Tab');
      const wanted = points.filter(({ payload }) => payload.genre === 'rock').length;
      await page.getByText(`${wanted.toLocaleString('en')} match`).waitFor();
      await page.getByRole('button', { name: 'Add a condition' }).click();
      const second = page.getByRole('group', { name: 'Condition' }).nth(1);
      await second.getByLabel('Condition').selectOption('range');
      await second.getByLabel('Field').fill('year');
      await second.getByLabel('From').fill('many');
      await second.getByLabel('From').press('Tab');
      await page.getByText('A range is between numbers.').waitFor();
      await second.getByLabel('From').fill('2000');
      await second.getByLabel('From').press('Tab');
      const both = points.filter(({ payload }) => payload.genre === 'rock' && payload.year >= 2000).length;
      await page.getByText(`${both.toLocaleString('en')} match`).waitFor();
      await page.getByText('As JSON').click();
      assert.deepEqual(JSON.parse(await page.getByLabel('The filter as JSON').textContent()),
        { must: [{ key: 'genre', match: { value: 'rock' } }, { key: 'year', range: { gte: 2000 } }] });
    });

    test('finds by a point, by numbers and by a file, and says what is wrong with them', async () => {
      const { page, show } = view;
      await show('/c/songs');
      const search = page.getByRole('button', { name: 'Search', exact: true });
      const first = page.locator('section', { hasText: 'How many' }).locator('tbody tr').first().getByRole('link');
      await search.click();
      await page.getByText('Say which point.').waitFor();
      await page.getByLabel('Id', { exact: true }).fill('999999');
      await search.click();
      await page.getByText(/No point|not found|999999/i).last().waitFor();
      await page.getByLabel('By').selectOption('vector');
      const numbers = page.getByLabel(`${DIMENSION} numbers`);
      await numbers.fill('1, 2, three');
      await search.click();
      await page.getByText('“three” is no number.').waitFor();
      await numbers.fill('[1, 2, 3]');
      await search.click();
      await page.getByText(/this one has 3/).waitFor();
      await numbers.fill(`[${points[11].vector.join(', ')}]`);
      await search.click();
      await page.getByText(/^10 in /).waitFor();
      assert.equal(await first.textContent(), '11');
      const file = page.getByLabel('A .npy file with vectors');
      await file.setInputFiles({ name: 'x.npy', mimeType: 'application/octet-stream', buffer: Buffer.from('nothing of the kind') });
      await page.getByText('This is no .npy file.').waitFor();
      await file.setInputFiles({ name: 'cut.npy', mimeType: 'application/octet-stream', buffer: npy([points[0].vector]).subarray(0, 300) });
      await page.getByText('ends within its numbers').waitFor();
      await file.setInputFiles(npyFile('short.npy', [[1, 2, 3]]));
      await page.getByText(/has rows of 3 numbers/).waitFor();
      await file.setInputFiles(npyFile('rows.npy', [points[20].vector, points[21].vector]));
      await page.getByLabel('Row', { exact: true }).fill('1');
      await page.getByLabel('Row', { exact: true }).press('Tab');
      await search.click();
      await page.waitForFunction(() => [...document.querySelectorAll('tbody td.id a')].some((link) => link.textContent === '21'));
    });

    test('changes payloads and deletes points', async () => {
      const { page, show } = view;
      await show('/c/pictures');
      await page.getByRole('button', { name: 'Edit the payload of 1', exact: true }).click();
      const text = page.getByLabel('Payload as JSON');
      for (const [wrong, told] of [['{"a":', /This is no JSON/], ['[1]', /A payload is an object/]]) {
        await text.fill(wrong);
        await page.getByRole('button', { name: 'Save' }).click();
        await page.getByText(told).waitFor();
      }
      await check(view, 'editing');
      await text.fill('{"title": "<img src=x onerror=alert(1)>", "large": 12345678901234567890}');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('The payload is saved.').waitFor();
      await page.getByText('<img src=x onerror=alert(1)>').first().waitFor();
      const kept = await (await fetch(`${node.url}/collections/pictures/points/1`)).text();
      assert.match(kept, /"large":12345678901234567890/);
      await page.getByRole('button', { name: 'Delete 2', exact: true }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('button', { name: 'Delete 2', exact: true }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await page.getByText('2 is deleted.').waitFor();
      await assert.rejects(node.ask('GET', '/collections/pictures/points/2'), /404/);
    });

    test('takes files in, and says what is wrong with them', async () => {
      const { page, show } = view;
      await show('/c/nothing%20yet');
      await page.getByRole('button', { name: 'Import' }).first().click();
      const file = page.getByLabel('A file of vectors');
      await file.setInputFiles({ name: 'letter.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') });
      await page.getByText(/letter.txt: files of vectors end in/).waitFor();
      await file.setInputFiles(npyFile('wrong.npy', [[1, 2, 3]]));
      await page.getByRole('alert').getByText(/dimension|components|3/).waitFor();
      await check(view, 'importing');
      await file.setInputFiles(npyFile('right.npy', [[1, 2, 3, 4], [4, 3, 2, 1]]));
      await page.getByText('2 vectors are in.').waitFor();
      await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
      await page.getByRole('link', { name: '1', exact: true }).waitFor();
      assert.equal((await node.ask('GET', '/collections/nothing%20yet')).points_count, 2);
    });

    test('gives its points away as sound and as lines, and takes them back', async () => {
      const { page, show } = view;
      await show('/c/pictures');
      await page.getByRole('button', { name: 'Export' }).click();
      const start = () => page.getByRole('dialog').getByRole('button', { name: 'Export' }).click();
      const sound = await downloaded(page, start);
      assert.equal(sound.name, 'pictures.flac');
      assert.equal(sound.bytes.subarray(0, 4).toString(), 'fLaC');
      await page.getByLabel('As', { exact: true }).selectOption('jsonl');
      const lines = (await downloaded(page, start)).bytes.toString().trim().split('\n').map((line) => JSON.parse(line));
      const there = (await node.ask('GET', '/collections/pictures')).points_count;
      assert.equal(lines.length, there);
      assert.equal(lines[0].vector.length, 64);
      await create(node, 'copy', 64, 'Euclid');
      await show('/c/copy');
      await page.getByRole('button', { name: 'Import' }).first().click();
      await page.getByLabel('A file of vectors').setInputFiles({ name: 'pictures.flac', mimeType: 'audio/flac', buffer: sound.bytes });
      await page.getByText(/vectors are in\./).waitFor();
      assert.equal((await node.ask('GET', '/collections/copy')).points_count, there);
    });
  });

  describe('a vector', () => {
    let view;
    before(async () => { view = await tab(browser, node); });
    after(() => view.close());

    test('sounds in three ways, each of which is the same vector', async () => {
      const { page, show } = view;
      const sizes = new Set();
      for (const collection of ['songs', 'pictures']) {
        await show(`/c/${collection}/v/5`);
        for (const name of ['pulse', 'frequency', 'amplitude']) {
          await page.getByRole('button', { name, exact: true }).click();
          const told = page.getByText(new RegExp(`^${name}: `));
          await told.waitFor();
          sizes.add(await told.textContent());
          await page.getByRole('button', { name: 'Play', exact: true }).click();
        }
        const saved = await downloaded(page, () => page.getByRole('button', { name: 'Save as FLAC' }).click());
        const back = await fetch(`${node.url}/collections/${collection}/points/5/audio?sonification=amplitude`);
        assert.deepEqual(saved.bytes, Buffer.from(await back.arrayBuffer()));
      }
      assert.equal(sizes.size, 6);
      assert.equal((await fetch(`${node.url}/collections/songs/points/5/audio?sonification=song`)).status, 400);
      assert.deepEqual(view.problems, []);
    });

    test('says where it lies, and who is near', async () => {
      const { page, show } = view;
      await show('/c/songs/v/5');
      const place = await node.ask('GET', '/collections/songs/points/5/place');
      await page.getByText(place.hash).waitFor();
      await page.getByText(place.file).first().waitFor();
      await page.getByRole('button', { name: /^Compare with / }).first().click();
      await page.getByText('Euclidean distance').waitFor();
      await page.getByLabel('Compare with', { exact: true }).fill('nobody');
      await page.getByRole('button', { name: 'Compare', exact: true }).click();
      await page.getByText('There is no nobody in songs.').waitFor();
    });
  });

  test('moves about the map by pointer and keys, and opens a point', async () => {
    const view = await tab(browser, node);
    const { page, show } = view;
    await show('/c/songs/map');
    await page.getByLabel('Colour by').selectOption('bpm');
    await page.getByText(/of the variance/).first().waitFor();
    const canvas = page.locator('canvas');
    await page.locator('canvas[data-frames]').waitFor();
    const frames = async () => Number(await canvas.getAttribute('data-frames'));
    const box = await canvas.boundingBox();
    const before = await frames();
    await page.mouse.move(box.x + 100, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + 300, box.y + 200, { steps: 10 });
    await page.mouse.up();
    await page.mouse.wheel(0, -400);
    await page.waitForFunction((count) => Number(document.querySelector('canvas').dataset.frames) > count, before);
    await page.getByRole('button', { name: 'Show all' }).click();
    await canvas.focus();
    await page.keyboard.press('+');
    await page.keyboard.press('ArrowLeft');
    await page.locator('.tip').waitFor();
    await check(view, 'map with a point');
    const shown = await page.locator('.tip strong').textContent();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: shown, exact: true }).waitFor();
    await view.close();
  });

  test('hears what is written while it listens, and refuses models that do not fit', async () => {
    const view = await tab(browser, node);
    const { page, show } = view;
    await show('/c/rounded/listen');
    const model = page.getByLabel('As JSON');
    for (const [wrong, told] of [['{', /This is no JSON/], ['{"a": 1}', /A model is an object with weights/], ['{"weights": [1, 2]}', /has 2 numbers; vectors have 128/],
      [JSON.stringify({ weights: Array(128).fill(0), bias: [1, 2] }), /bias must be 1 number/], [JSON.stringify({ weights: Array(128).fill(0), activation: 'relu' }), /activation must be/]]) {
      await model.fill(wrong);
      await model.press('Tab');
      await page.getByText(told).waitFor();
    }
    await model.fill(JSON.stringify({ weights: Array(128).fill(1), bias: 0.5, activation: 'sigmoid' }));
    await model.press('Tab');
    await page.getByRole('button', { name: 'Listen', exact: true }).click();
    await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
    const verified = page.locator('.tile', { hasText: 'Verified' }).locator('strong');
    for (let i = 0; await verified.textContent() === '0'; i++) {
      assert.ok(i < 400, 'nothing was heard');
      await insert(node, 'rounded', [{ ...songs(1, 128, SEED + i)[0], id: 'live' }]);
    }
    await page.getByRole('link', { name: 'live' }).first().waitFor();
    assert.match(await page.locator('.tile', { hasText: 'Latency' }).locator('strong').textContent(), /^\d+$/);
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    assert.deepEqual(view.problems, []);
    await view.close();
  });

  test('listens over every way that the node has, and says why not over the others', async (t) => {
    const view = await tab(browser, node);
    const { page, show } = view;
    const { paths } = await (await fetch(`${node.url}/openapi.json`)).json();
    const has = (end) => Object.keys(paths).some((each) => each.endsWith(end));
    await show('/c/rounded/listen');
    for (const [way, end] of [['LL-HLS', '/hls/live.m3u8'], ['WebRTC', '/whep']]) {
      const choice = page.getByRole('button', { name: way });
      assert.equal(await choice.isDisabled(), !has(end), way);
      if (has(end)) {
        await choice.click();
        await page.waitForFunction((text) => [...document.querySelectorAll('.choice button')].some((one) => one.textContent === text && (one.disabled || one.getAttribute('aria-pressed') === 'true')), way);
      }
      if (await choice.isDisabled()) { // WebRTC is a module that a node may be without
        const why = await choice.getAttribute('title');
        assert.ok(why.length > 10, way);
        await page.getByText(`${way}: `).first().waitFor();
        t.diagnostic(`${way}: ${why}`);
        continue;
      }
      await page.getByRole('button', { name: 'Listen', exact: true }).click();
      await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
      const verified = page.locator('.tile', { hasText: 'Verified' }).locator('strong');
      for (let i = 0; await verified.textContent() === '0'; i++) {
        assert.ok(i < 400, `nothing was heard over ${way}`);
        await insert(node, 'rounded', [{ ...songs(1, 128, SEED + i)[0], id: way }]);
      }
      await page.getByRole('button', { name: 'Stop', exact: true }).click();
      t.diagnostic(`${way}: heard`);
    }
    assert.deepEqual(view.problems, []);
    await view.close();
  });

  test('is used with keys alone', async () => {
    const { page, show, close } = await tab(browser, node);
    await show('/');
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');
    await page.keyboard.press('Shift+Tab');
    await page.evaluate(() => document.getElementById('skip').focus());
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    await page.getByRole('button', { name: 'New collection' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'New collection');
    await close();
  });

  test('is light or dark as one likes', async () => {
    const { page, show, close } = await tab(browser, node);
    await show('/');
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const auto = await ground();
    await page.getByRole('button', { name: /^Theme/ }).click();
    assert.equal(await ground(), auto);
    await page.getByRole('button', { name: 'Theme: light' }).click();
    assert.notEqual(await ground(), auto);
    await page.reload();
    await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
    assert.notEqual(await ground(), auto);
    await close();
  });

  test('finds damage, and says where', async () => {
    await damage(node, 'songs');
    for (const [size, width, scheme] of SIZES) {
      const view = await tab(browser, node, { width, scheme });
      const { page, show } = view;
      await show('/c/songs/integrity');
      await page.getByRole('button', { name: 'Verify' }).click();
      await page.getByText(/damaged place/).first().waitFor();
      await page.locator('.strip b').first().waitFor();
      await page.getByRole('button', { name: 'Rebuild indexes' }).waitFor();
      await check(view, 'damage');
      await picture(page, `integrity-${size}`);
      await view.close();
    }
    const { segments, verified } = await node.ask('GET', '/collections/songs/segments');
    assert.equal(verified.ok, false);
    assert.ok(segments.some(({ damaged }) => damaged > 0));
  });
});

describe('the console of a node with keys', { skip: missing, timeout: 120_000 }, () => {
  const node = new Node({ SONIDB__SECURITY__API_KEY: 'a key that manages', SONIDB__SECURITY__READ_ONLY_API_KEY: 'a key that reads' });
  let browser;
  before(async () => {
    await node.start();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await node.end();
  });

  test('asks for a key, keeps it in its tab, and says what it may not do', async () => {
    const view = await tab(browser, node);
    const { page } = view;
    await page.goto(`${node.url}/console/`);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('API key').fill('another key');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.getByRole('alert').getByText(/key/i).waitFor();
    await check(view, 'sign in');
    await dialog.getByLabel('API key').fill('a key that reads');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('No collections yet').waitFor();
    await page.getByRole('button', { name: 'New collection' }).first().click();
    await page.getByRole('dialog').getByLabel('Name').fill('mine');
    await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
    await page.getByText(/may not manage/).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await dialog.getByLabel('API key').fill('a key that manages');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'New collection' }).first().click();
    await page.getByRole('dialog').getByLabel('Name').fill('mine');
    await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
    await page.getByRole('link', { name: 'mine', exact: true }).waitFor();
    const kept = await page.evaluate(() => [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie]);
    assert.doesNotMatch(kept[0] + kept[2], /manages/);
    assert.match(kept[1], /manages/);
    await view.close();
  });
});
