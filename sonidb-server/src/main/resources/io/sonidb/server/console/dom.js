// Elements, texts and figures. Text never becomes markup: nodes are made one by one.

import { stringify } from './api.js';

/** An element. `on...` are listeners, `class` and attributes as in HTML, true for those without a value; nullish ones are left out. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

let labels = 0;

/** A control with its label above it and, if need be, a hint below. */
export function field(label, control, hint) {
  control.id ||= `field-${++labels}`;
  const hinted = hint && h('small', { id: `${control.id}-hint` }, hint);
  if (hinted) control.setAttribute('aria-describedby', hinted.id);
  return h('div', { class: 'field' }, h('label', { for: control.id }, label), control, hinted);
}

export function select(options, chosen, props) {
  const element = h('select', props, options.map((option) => {
    const [value, text] = Array.isArray(option) ? option : [option, option];
    return h('option', { value }, text);
  }));
  if (chosen !== undefined) element.value = chosen;
  return element;
}

export function button(text, onclick, props) {
  return h('button', { type: 'button', onclick, ...props }, text);
}

/** Tells people who listen to the page. */
export function say(text) {
  document.getElementById('said').textContent = text;
}

/** A message that stays for a while, at the foot of the window. */
export function note(text, kind = 'good') {
  const element = h('div', { class: `note ${kind}`, role: kind === 'bad' ? 'alert' : 'status' }, h('span', {}, text));
  element.append(button('Close', () => element.remove(), { class: 'quiet' }));
  document.getElementById('notes').append(element);
  if (kind !== 'bad') setTimeout(() => element.remove(), 6000);
}

/** What is there in place of something that cannot be shown. */
export function failed(error, again) {
  return h('div', { class: 'empty bad', role: 'alert' },
    h('strong', {}, error.status === 401 || error.status === 403 ? 'This key may not see that' : error.status === 404 ? 'There is no such thing' : 'That did not work'),
    h('p', {}, error.message),
    again && button('Try again', again));
}

export function empty(title, text, ...actions) {
  return h('div', { class: 'empty' }, h('strong', {}, title), h('p', {}, text), actions.length > 0 && h('div', { class: 'row center' }, actions));
}

export function loading(text = 'Loading') {
  return h('div', { class: 'loading', role: 'status' }, h('span', { class: 'wheel', 'aria-hidden': 'true' }), `${text} …`);
}

/** A dialog; `content(close)` gives what is in it. Resolves to what it was closed with. */
export function dialog(title, content) {
  return new Promise((resolve) => {
    const back = document.activeElement;
    let told;
    const heading = h('h2', { id: `field-${++labels}` }, title);
    const element = h('dialog', { 'aria-labelledby': heading.id }, heading);
    const close = (value) => {
      told = value;
      element.close();
    };
    element.append(...[content(close)].flat());
    element.addEventListener('close', () => {
      element.remove();
      back?.focus?.();
      resolve(told);
    });
    document.body.append(element);
    element.showModal();
  });
}

/** Asks before something is lost; `word` has to be typed, if there is one. */
export function confirmed(title, text, act, word) {
  return dialog(title, (close) => {
    const input = word && h('input', { autocomplete: 'off', spellcheck: 'false' });
    const yes = h('button', { type: 'submit', class: 'danger', disabled: Boolean(word) }, act);
    input?.addEventListener('input', () => { yes.disabled = input.value !== word; });
    return h('form', { onsubmit: (e) => { e.preventDefault(); close(true); } },
      h('p', {}, text),
      input && field(`Type “${word}” to go on`, input),
      h('div', { class: 'row end' }, button('Cancel', () => close(false)), yes));
  });
}

/** A bar that fills; `set(done, total, text)`. */
export function progressBar(label) {
  const bar = h('progress', { max: 1, 'aria-label': label });
  const text = h('span', { class: 'muted small' }, '');
  return {
    element: h('div', { class: 'progress' }, bar, text),
    set(done, total, told) {
      if (total > 0) bar.value = Math.min(1, done / total);
      else bar.removeAttribute('value');
      text.textContent = told ?? (total > 0 ? `${Math.floor(100 * done / total)} %` : '');
    },
  };
}

/** A payload in a line: its first fields. */
export function payload(values, most = 5) {
  const entries = Object.entries(values ?? {});
  if (entries.length === 0) return h('span', { class: 'muted' }, '–');
  return h('div', { class: 'payload' }, entries.slice(0, most).map(([key, value]) => {
    const text = typeof value === 'string' ? value : stringify(value);
    return h('span', { title: `${key}: ${short(text, 400)}` }, h('b', {}, key), short(text, 60));
  }), entries.length > most && h('span', { class: 'muted' }, `+${entries.length - most}`));
}

// Figures ---------------------------------------------------------------------------------------

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export const count = (value) => whole.format(value);

export function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? whole.format(value) : value.toFixed(1)} ${units[unit]}`;
}

export function rate(value) {
  return value === 0 || value >= 10 ? whole.format(value) : value.toFixed(1);
}

/** Seconds as minutes and seconds. */
export function clock(seconds) {
  const rest = (seconds % 60).toFixed(3).padStart(6, '0');
  const minutes = Math.floor(seconds / 60);
  return minutes >= 60 ? `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

export function short(text, most = 60) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

export function number(value, digits = 4) {
  return typeof value === 'number' && Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : String(value);
}

/** The colours of the theme that is shown. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(['ink', 'muted', 'line', 'surface', 'raised', 'ground', 'accent', 'second', 'bad', 'good'].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

/** Calls when the theme changes, until the signal ends. */
export function onTheme(signal, draw) {
  document.addEventListener('theme', draw, { signal });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw, { signal });
}
