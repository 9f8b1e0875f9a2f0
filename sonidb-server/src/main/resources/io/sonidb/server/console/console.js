// The frame around the pages: which one is shown, the theme, the key. A page's module is loaded when the page opens.

import { button, dialog, failed, field, fill, h, loading, note, say, short } from './dom.js';
import { apiKey, ask, setApiKey } from './api.js';

const main = document.getElementById('main');
const tabs = document.getElementById('tabs');
const trail = document.getElementById('trail');

/** Addresses, and the modules that show them. */
const PAGES = [
  [/^\/$/, () => import('./collections.js'), () => 'Collections'],
  [/^\/c\/([^/]+)$/, () => import('./collection.js'), (name) => name],
  [/^\/c\/([^/]+)\/v\/([^/]+)$/, () => import('./vector.js'), (name, id) => `${short(id)} – ${name}`],
  [/^\/c\/([^/]+)\/map$/, () => import('./map.js'), (name) => `Map – ${name}`],
  [/^\/c\/([^/]+)\/listen$/, () => import('./listen.js'), (name) => `Listen – ${name}`],
  [/^\/c\/([^/]+)\/integrity$/, () => import('./integrity.js'), (name) => `Integrity – ${name}`],
];

const TABS = [['Points', ''], ['Map', '/map'], ['Listen', '/listen'], ['Integrity', '/integrity']];

let shown = new AbortController();

async function show() {
  shown.abort(); // whatever the last page was doing
  shown = new AbortController();
  const { signal } = shown;
  const address = location.hash.replace(/^#/, '').split('?')[0] || '/';
  const page = PAGES.find(([pattern]) => pattern.test(address));
  let parts;
  try {
    parts = page && page[0].exec(address).slice(1).map(decodeURIComponent);
  } catch {
    parts = undefined; // no percent-encoding
  }
  frame(parts?.[0], parts?.[1], address);
  if (!parts) {
    fill(main, heading('No such page'), h('div', { class: 'empty' }, h('strong', {}, 'There is no such page'), h('p', {}, h('a', { href: '#/' }, 'All collections'))));
    return;
  }
  document.title = `${page[2](...parts)} – SoniDB`;
  const content = h('div', { class: 'page' });
  const slow = setTimeout(() => fill(main, loading()), 150);
  try {
    const module = await page[1]();
    if (signal.aborted) return;
    await module.show(content, { parts, signal, again: show });
  } catch (e) {
    if (signal.aborted) return;
    fill(content, heading(page[2](...parts)), failed(e, show));
  } finally {
    clearTimeout(slow);
  }
  if (signal.aborted) return;
  fill(main, content);
  content.querySelector('h1')?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
  say(document.title);
}

function heading(text) {
  return h('h1', { tabindex: -1 }, text);
}

function frame(collection, id, address) {
  const steps = [['Collections', '#/']];
  if (collection) steps.push([collection, `#/c/${encodeURIComponent(collection)}`]);
  if (id) steps.push([id, location.hash]);
  fill(trail, h('ol', {}, steps.map(([text, href], i) =>
    h('li', {}, h('a', { href, title: text, 'aria-current': i === steps.length - 1 && !/\/(map|listen|integrity)$/.test(address) ? 'page' : null }, short(text, 40))))));
  tabs.hidden = !collection;
  if (collection) {
    const base = `/c/${encodeURIComponent(collection)}`;
    fill(tabs, TABS.map(([text, end]) => h('a', { href: `#${base}${end}`, 'aria-current': address === base + end ? 'page' : null }, text)));
  }
}

// Theme -----------------------------------------------------------------------------------------

const themes = ['auto', 'light', 'dark'];
const themeButton = document.getElementById('theme');

function theme(name) {
  if (name === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  themeButton.textContent = `Theme: ${name}`;
  document.dispatchEvent(new CustomEvent('theme'));
}

themeButton.addEventListener('click', () => {
  const next = themes[(themes.indexOf(localStorage.getItem('sonidb-theme') ?? 'auto') + 1) % themes.length];
  localStorage.setItem('sonidb-theme', next);
  theme(next);
});
theme(themes.includes(localStorage.getItem('sonidb-theme')) ? localStorage.getItem('sonidb-theme') : 'auto');

// The key ---------------------------------------------------------------------------------------

const sign = document.getElementById('sign');
let asking = false;

function showKey() {
  sign.textContent = apiKey() ? 'Sign out' : 'Sign in';
}

async function signIn(why) {
  if (asking) return;
  asking = true;
  const key = await dialog('Sign in', (close) => {
    const input = h('input', { type: 'password', autocomplete: 'off', required: true });
    const told = h('p', { class: 'problem', role: 'alert' }, why ?? '');
    const check = async (e) => {
      e.preventDefault();
      const before = apiKey();
      setApiKey(input.value);
      try {
        await ask('GET', '/collections');
        close(input.value);
      } catch (error) {
        setApiKey(before);
        told.textContent = error.message;
        input.select();
      }
    };
    return h('form', { onsubmit: check },
      field('API key', input, 'Kept in this tab only, and forgotten when it is closed.'), told,
      h('div', { class: 'row end' }, button('Cancel', () => close()), h('button', { type: 'submit', class: 'main' }, 'Sign in')));
  });
  asking = false;
  showKey();
  if (key) {
    note('Signed in.');
    show();
  }
}

sign.addEventListener('click', () => {
  if (!apiKey()) {
    signIn();
    return;
  }
  setApiKey('');
  showKey();
  note('Signed out.');
  show();
});
document.addEventListener('key-needed', () => signIn('This node needs an API key.'));

document.getElementById('skip').addEventListener('click', (e) => {
  e.preventDefault();
  main.focus();
});
window.addEventListener('hashchange', show);
showKey();
show();
