// Whether everything is as it was written: verifying, where damage lies, and repairing what can be.

import { button, bytes, clock, count, empty, failed, fill, field, h, note, number, progressBar, select, short } from './dom.js';
import { apiKey, ask, open, path, save, work } from './api.js';
import { segmentTable } from './collections.js';

const MOST_SHOWN = 200;

export async function show(content, { parts: [name], signal }) {
  let files = await ask('GET', path(name, 'segments'), undefined, signal);
  const result = h('div', { class: 'stack', 'aria-live': 'polite' });
  const map = h('div', {});
  const table = h('div', {});
  const bar = progressBar('Progress');
  bar.element.hidden = true;
  const depth = select([['quick', 'Quick: sizes and checksums of files'], ['deep', 'Deep: every frame decoded']], 'deep');
  let running;

  const paint = (damaged) => {
    fill(map, files.segments.length === 0 ? empty('No files yet', 'There is nothing to verify before the first vector is written.') : segmentMap(files.segments, damaged));
    fill(table, files.segments.length === 0 ? null : segmentTable(files, (file) => download(name, file)));
  };

  const run = async (what, go, done) => {
    running = new AbortController();
    signal.addEventListener('abort', () => running.abort());
    bar.element.hidden = false;
    bar.set(0, 0, what);
    actions.forEach((each) => { each.disabled = true; });
    cancel.hidden = false;
    try {
      const answer = await go((count_, total, unit) => bar.set(count_, total, total > 0 ? `${unit === 'bytes' ? `${bytes(count_)} of ${bytes(total)}` : `${count(count_)} of ${count(total)} ${unit}`}` : what), running.signal);
      files = await ask('GET', path(name, 'segments'), undefined, signal);
      await done(answer);
    } catch (e) {
      if (signal.aborted) return;
      if (running.signal.aborted) note(`${what}: cancelled.`);
      else fill(result, failed(e));
    } finally {
      bar.element.hidden = true;
      cancel.hidden = true;
      actions.forEach((each) => { each.disabled = false; });
    }
  };

  const verify = () => run('Verifying', (told, end) => work('POST', path(name, 'verify'), { deep: depth.value === 'deep' }, told, end), (report) => {
    fill(result, summary(report), report.ok ? null : damages(name, report));
    paint(report.damaged);
  });
  const rebuild = () => run('Rebuilding', (told, end) => work('POST', path(name, 'index'), { full: true }, told, end), (report) => {
    fill(result, h('div', { class: 'tiles' }, [['Indexes of segments', count(report.segments)], ['Vectors', count(report.vectors)], ['Repaired', count(report.repaired.length)], ['Damaged', count(report.damaged)], ['Seconds', number(report.seconds, 3)]]
      .map(([label, value]) => h('div', { class: 'tile' }, h('span', {}, label), h('strong', {}, value)))),
    report.repaired.length > 0 && h('ul', {}, report.repaired.map((text) => h('li', {}, text))));
    paint([]);
  });
  const start = button('Verify', verify, { class: 'main' });
  const again = button('Rebuild indexes', rebuild, { title: 'Makes every index, directory and table anew from the audio alone' });
  const cancel = button('Cancel', () => running?.abort(), { hidden: true });
  const actions = [start, again];
  const peer = await repairing(name, run, result, paint, signal);
  if (peer) actions.push(peer.button);

  content.append(
    h('div', { class: 'head' }, h('div', {}, h('h1', { tabindex: -1 }, 'Integrity'), h('p', { class: 'muted' }, 'Each record has two checksums and a hash, each file a SHA-256. Damage costs one vector, and is named.')),
      h('div', { class: 'row' }, cancel, again)),
    h('section', { class: 'panel stack', 'aria-label': 'Verify' },
      h('div', { class: 'row bottom' }, field('How thoroughly', depth), start), bar.element, result),
    h('section', { class: 'panel stack', 'aria-labelledby': 'map-head' }, h('h2', { id: 'map-head' }, 'Segments'), map, table),
    peer ? peer.element : h('section', { class: 'panel', 'aria-labelledby': 'repair-head' }, h('h2', { id: 'repair-head' }, 'Repair'),
      h('p', { class: 'muted' }, 'Indexes, directory and tables are made anew from the audio by “Rebuild indexes”. A damaged record needs a good copy: this node has no peers to take one from; insert the vector again, or restore a snapshot.')));
  fill(result, files.verified
    ? h('p', { class: 'muted' }, `Last verified ${new Date(files.verified.at).toLocaleString()}${files.verified.deep ? ', every frame' : ''}: `, files.verified.ok ? h('span', { class: 'good' }, 'all sound') : h('span', { class: 'bad' }, `${count(files.verified.damaged_count)} damaged places`), '.')
    : h('p', { class: 'muted' }, 'Not verified since the node was started.'));
  paint([]);
}

function summary(report) {
  return h('div', {},
    h('p', {}, h('strong', { class: report.ok ? 'good' : 'bad' }, report.ok ? 'All sound.' : `${count(report.damaged_count)} damaged place${report.damaged_count === 1 ? '' : 's'}.`),
      ` ${count(report.vectors)} vectors in ${count(report.segments)} segment${report.segments === 1 ? '' : 's'}, ${bytes(report.bytes)}, in ${number(report.seconds, 3)} s.`));
}

const fileName = (file) => file.split('/').at(-1);

function damages(name, report) {
  return h('div', { class: 'scroll' }, h('table', { class: 'cards' },
    h('thead', {}, h('tr', {}, ['File', 'Time', 'Byte', 'Vector', 'What'].map((text) => h('th', { scope: 'col', class: text === 'Byte' ? 'number' : null }, text)))),
    h('tbody', {}, report.damaged.slice(0, MOST_SHOWN).map((each) => h('tr', {},
      h('td', { class: 'id', 'data-label': 'File' }, fileName(each.file)),
      h('td', { class: 'fits', 'data-label': 'Time' }, each.time === null ? '–' : clock(each.time)),
      h('td', { class: 'number', 'data-label': 'Byte' }, each.offset === null ? '–' : count(each.offset)),
      h('td', { class: 'id', 'data-label': 'Vector' }, each.id === null ? '–' : h('a', { href: `#/c/${encodeURIComponent(name)}/v/${encodeURIComponent(each.id)}` }, short(String(each.id), 30))),
      h('td', { class: 'wide', 'data-label': 'What' }, short(each.reason, 160)))))));
}

/** A strip for each file, as long as the file is of the largest one; what is damaged is marked where it lies. */
function segmentMap(segments, damaged) {
  const most = Math.max(...segments.map((segment) => segment.bytes));
  return h('div', { class: 'segments', role: 'list', 'aria-label': 'Files and where damage lies' }, segments.map((segment) => {
    const mine = damaged.filter(({ file }) => fileName(file) === segment.file);
    const body = h('i', { class: segment.sealed ? null : 'open' });
    body.style.width = `${100 * segment.bytes / most}%`;
    const marks = mine.filter(({ offset }) => offset !== null).map(({ offset, reason }) => {
      const mark = h('b', { title: `byte ${offset}: ${reason}` });
      mark.style.left = `calc(${100 * Math.min(1, offset / most)}% - 1px)`;
      return mark;
    });
    const many = Math.max(mine.length, segment.damaged ?? 0);
    return h('div', { class: 'segment', role: 'listitem' },
      h('span', { class: 'mono' }, segment.file),
      h('div', { class: 'strip', role: 'img', 'aria-label': `${segment.file}: ${bytes(segment.bytes)}, ${many > 0 ? `${many} damaged places` : 'no damage known'}` }, body, marks),
      h('span', { class: `number ${many > 0 ? 'bad' : 'muted'}` }, many > 0 ? `${count(many)} damaged` : bytes(segment.bytes)));
  }));
}

function download(name, file) {
  const address = path(name, 'segments', encodeURIComponent(file.file));
  const link = h('a', { href: address, download: file.file }, file.file);
  if (apiKey()) { // a link sends no key
    link.addEventListener('click', async (e) => {
      e.preventDefault();
      try {
        save([await (await open('GET', address)).blob()], file.file, 'audio/flac');
      } catch (error) {
        note(error.message, 'bad');
      }
    });
  }
  return link;
}

/** Repairing from another node, where this node can. */
async function repairing(name, run, result, paint, signal) {
  const { paths } = JSON.parse(await (await open('GET', '/openapi.json', { signal })).text());
  const body = paths['/collections/{collection}/verify']?.post?.requestBody?.content?.['application/json']?.schema?.properties ?? {};
  if (!body.repair_from) return undefined;
  const peer = h('input', { placeholder: 'sonidb://host:port', autocomplete: 'off', spellcheck: 'false' });
  const go = h('button', { type: 'submit' }, 'Repair');
  const submit = (e) => {
    e.preventDefault();
    run('Repairing', (told, end) => work('POST', path(name, 'verify'), { deep: true, repair_from: peer.value.trim() }, told, end), (report) => {
      fill(result, summary(report), report.ok ? null : damages(name, report));
      paint(report.damaged);
    });
  };
  return { button: go, element: h('section', { class: 'panel', 'aria-labelledby': 'repair-head' }, h('h2', { id: 'repair-head' }, 'Repair'),
    h('form', { onsubmit: submit }, h('div', { class: 'row bottom' }, field('From another node', peer, 'A copy of this collection: what is damaged here is fetched there, and checked.'), go))) };
}
