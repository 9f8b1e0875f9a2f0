// Conditions on payloads, put together by hand; what comes of them is the node's filter, shown as JSON.

import { button, field, fill, h, select } from './dom.js';
import { idOf, stringify } from './api.js';

const KINDS = [
  ['is', 'is'], ['any', 'is one of'], ['except', 'is none of'], ['range', 'is between'], ['text', 'has the words'],
  ['empty', 'is empty'], ['null', 'is null'], ['id', 'the id is one of'],
];

function scalar(text) {
  const typed = text.trim();
  if (typed === 'true' || typed === 'false') return typed === 'true';
  return /^-?(0|[1-9]\d{0,15})$/.test(typed) ? Number(typed) : typed;
}

const several = (text) => text.split(',').map((part) => part.trim()).filter(Boolean);

function condition({ kind, key, a, b }) {
  switch (kind) {
    case 'id': return { has_id: several(a).map(idOf) };
    case 'empty': return { is_empty: { key } };
    case 'null': return { is_null: { key } };
    case 'any': return { key, match: { any: several(a).map(scalar) } };
    case 'except': return { key, match: { except: several(a).map(scalar) } };
    case 'text': return { key, match: { text: a } };
    case 'range': return { key, range: { ...(a.trim() && { gte: Number(a) }), ...(b.trim() && { lte: Number(b) }) } };
    default: {
      const value = scalar(a);
      return typeof value === 'string' && /^-?\d+\.\d+$/.test(value) ? { key, range: { gte: Number(value), lte: Number(value) } } : { key, match: { value } };
    }
  }
}

function problem({ kind, key, a, b }) {
  if (kind !== 'id' && !key.trim()) return 'Say which field it is about.';
  if (kind === 'range') {
    if (!a.trim() && !b.trim()) return 'Say from where, or to where.';
    if ([a, b].some((text) => text.trim() && !Number.isFinite(Number(text)))) return 'A range is between numbers.';
  } else if (kind !== 'empty' && kind !== 'null' && !a.trim()) return 'Say which value.';
  return '';
}

/**
 * The builder. `changed(filter)` hears of each filter that makes sense, undefined for none.
 *
 * @param fields names of fields that are offered
 */
export function filterBuilder(fields, changed) {
  const rows = [];
  const list = h('div', { class: 'stack' });
  const shown = h('pre', { tabindex: 0, 'aria-label': 'The filter as JSON' });
  const told = h('p', { class: 'problem', role: 'alert' });
  const names = h('datalist', { id: 'filter-fields' }, fields.map((name) => h('option', { value: name })));

  const update = () => {
    const wrong = rows.map((row) => problem(row.value())).find(Boolean) ?? '';
    told.textContent = wrong;
    if (wrong) return;
    const filter = {};
    for (const row of rows) (filter[row.clause()] ??= []).push(condition(row.value()));
    const result = rows.length > 0 ? filter : undefined;
    shown.textContent = result ? stringify(result, 2) : '{}';
    changed(result);
  };

  const add = () => {
    const clause = select([['must', 'and'], ['should', 'or'], ['must_not', 'not']], 'must', { onchange: update });
    const key = h('input', { list: 'filter-fields', autocomplete: 'off', spellcheck: 'false', onchange: update });
    const a = h('input', { autocomplete: 'off', onchange: update });
    const b = h('input', { autocomplete: 'off', onchange: update });
    const kind = select(KINDS, 'is', { onchange: () => { shape(); update(); } });
    const keyField = field('Field', key);
    const aField = field('Value', a);
    const bField = field('To', b);
    const shape = () => {
      keyField.hidden = kind.value === 'id';
      aField.hidden = kind.value === 'empty' || kind.value === 'null';
      bField.hidden = kind.value !== 'range';
      aField.querySelector('label').textContent = kind.value === 'range' ? 'From' : ['any', 'except', 'id'].includes(kind.value) ? 'Values, with commas' : 'Value';
    };
    const row = { value: () => ({ kind: kind.value, key: key.value, a: a.value, b: b.value }), clause: () => clause.value };
    const element = h('div', { class: 'row bottom', role: 'group', 'aria-label': 'Condition' }, h('div', { class: 'fields' }, field('Join', clause), keyField, field('Condition', kind), aField, bField),
      button('Remove', () => {
        rows.splice(rows.indexOf(row), 1);
        element.remove();
        update();
      }, { class: 'quiet' }));
    element.firstChild.style.flex = '1';
    shape();
    rows.push(row);
    list.append(element);
    key.focus();
    told.textContent = '';
  };

  fill(shown, '{}');
  return h('div', { class: 'stack' }, names, list, told, h('div', { class: 'row' }, button('Add a condition', add)), h('details', {}, h('summary', {}, 'As JSON'), shown));
}
