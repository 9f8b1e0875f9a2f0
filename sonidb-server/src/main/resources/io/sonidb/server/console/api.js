// The node. Everything the console knows it asks from the same routes as everybody else.

const KEY = 'sonidb-key';

/** Refused, or not reached. */
class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** The API key: kept in this tab, and forgotten with it. */
export const apiKey = () => sessionStorage.getItem(KEY) ?? '';

export function setApiKey(key) {
  if (key) sessionStorage.setItem(KEY, key);
  else sessionStorage.removeItem(KEY);
}

/** Where a collection is, or something in it. */
export function path(collection, ...rest) {
  return ['/collections', encodeURIComponent(collection), ...rest].join('/');
}

export const query = (values) => {
  const text = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== undefined && value !== '')).toString();
  return text ? `?${text}` : '';
};

// Ids may be whole numbers of 64 bits, of which JavaScript's numbers hold 53: those become BigInts.
const LARGE = /[:[,\s]-?\d{16,}[,\]}\s]/;

export function parse(text) {
  if (!LARGE.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_, value, context) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '') ? BigInt(context.source) : value);
}

export function stringify(value, space) {
  return JSON.stringify(value, (_, each) => typeof each === 'bigint' ? JSON.rawJSON(each.toString()) : each, space);
}

/** An id as it is typed: whole numbers are numbers. */
export function idOf(text) {
  const typed = text.trim();
  if (!/^(0|[1-9]\d{0,19})$/.test(typed)) return typed;
  const number = BigInt(typed);
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : number;
}

function headers(more) {
  return { ...(apiKey() ? { 'api-key': apiKey() } : {}), ...more };
}

async function refused(response) {
  let message = `The node answered ${response.status}.`;
  try {
    const answer = parse(await response.text());
    message = answer.status?.error ?? message;
  } catch {
    // It was no JSON.
  }
  if (response.status === 401) document.dispatchEvent(new CustomEvent('key-needed'));
  return new ApiError(message, response.status);
}

/** Asks, and gives the response as it comes. */
export async function open(method, address, { body, type, accept, signal } = {}) {
  let response;
  try {
    response = await fetch(address, {
      method,
      body,
      signal,
      cache: 'no-store',
      headers: headers({ ...(type ? { 'content-type': type } : {}), ...(accept ? { accept } : {}) }),
    });
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new ApiError('The node cannot be reached.', 0);
  }
  if (!response.ok) throw await refused(response);
  return response;
}

/** Asks, and gives what stands in `result`. */
export async function ask(method, address, body, signal) {
  const response = await open(method, address, { body: body === undefined ? undefined : stringify(body), type: body === undefined ? undefined : 'application/json', signal });
  return parse(await response.text()).result;
}

async function* lines(response) {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces(response)) {
    rest += decoder.decode(piece, { stream: true });
    const whole = rest.split('\n');
    rest = whole.pop();
    yield* whole;
  }
}

/** The bytes of a body as they come. */
export async function* pieces(response) {
  const reader = response.body.getReader();
  try {
    for (let piece; !(piece = await reader.read()).done;) yield piece.value;
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Long work: `told(done, total, unit)` hears how far it is; ending the signal ends the work. */
export async function work(method, address, body, told, signal) {
  const response = await open(method, address, {
    body: body === undefined ? undefined : stringify(body),
    type: body === undefined ? undefined : 'application/json',
    accept: 'application/x-ndjson',
    signal,
  });
  for await (const line of lines(response)) {
    if (!line) continue;
    const { progress, result, status } = parse(line);
    if (progress) told(progress.done, progress.total, progress.unit);
    else if (result !== undefined) return result;
    else throw new ApiError(status.error, status.code);
  }
  throw new ApiError('The connection broke before the work was done.', 0);
}

/** Server-sent events, since EventSource sends no key. Ends with the signal; comes again when the connection breaks. */
export async function* events(address, signal) {
  for (let pause = 500; !signal.aborted; pause = Math.min(8000, 2 * pause)) {
    try {
      let data = '';
      for await (const line of lines(await open('GET', address, { signal }))) {
        if (line.startsWith('data: ')) data = line.slice(6);
        else if (line === '' && data) {
          pause = 500;
          yield parse(data);
          data = '';
        }
      }
    } catch (e) {
      if (signal.aborted) return;
      if (e.status >= 400 && e.status < 500) throw e;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Sends a file; `told(sent, total)` hears how far it is. */
export function upload(method, address, file, type, told, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    for (const [name, value] of Object.entries(headers({ 'content-type': type }))) request.setRequestHeader(name, value);
    request.upload.addEventListener('progress', (e) => told(e.loaded, e.total));
    request.addEventListener('load', async () => {
      const response = new Response(request.responseText, { status: request.status });
      if (response.ok) resolve(parse(request.responseText).result);
      else reject(await refused(response));
    });
    request.addEventListener('error', () => reject(new ApiError('The connection broke while the file was sent.', 0)));
    request.addEventListener('abort', () => reject(new ApiError('Sending was cancelled; what had come is in.', 0)));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

/** Saves what was fetched under a name. */
export function save(parts, name, type) {
  const address = URL.createObjectURL(new Blob(parts, { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
