// A node for tests, started by the repository's `sonidb`; and something between it and a receiver that does harm.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const command = process.env.SONIDB ?? fileURLToPath(new URL('../../../sonidb', import.meta.url));

export const MODULE = new URL('../../../sonidb-server/src/main/resources/io/sonidb/server/web/sonidb.js', import.meta.url);

/** The module. By its contents, since nothing beside the file tells Node.js that it is one. */
export const sonidb = await import(`data:text/javascript;base64,${readFileSync(MODULE).toString('base64')}`);

/** A number that tests are random by; told when they fail. */
export const SEED = Number(process.env.SONIDB_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Random numbers from 0 to 1, by Mulberry32. */
export function random(seed = SEED) {
  let state = seed;
  return () => {
    state = state + 0x6D2B79F5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

export class Node {
  #folder = mkdtempSync(join(tmpdir(), 'sonidb-javascript-'));
  #process;
  #env;
  port = 0;

  /** @param env settings beside those of this process */
  constructor(env = {}) {
    this.#env = env;
  }

  /** Its data folder. */
  get data() {
    return join(this.#folder, 'data');
  }

  async start() {
    this.#process = spawn(command, ['serve', '--data', this.data, '--http-port', String(this.port)], { env: { ...process.env, ...this.#env } });
    let told = '';
    for await (const piece of this.#process.stdout) {
      told += piece;
      const found = /listening on (http:\/\/[^\s,]+:(\d+))/.exec(told);
      if (found) {
        this.#process.stdout.resume();
        this.#process.stderr.resume();
        [, this.url] = found;
        this.port = Number(found[2]);
        return;
      }
    }
    throw new Error(`the node did not start: ${told}`);
  }

  async stop() {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await ended;
  }

  async end() {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async ask(method, path, body) {
    const response = await fetch(this.url + path, { method, body: body && JSON.stringify(body), headers: { 'content-type': 'application/json' } });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
    return answer.result;
  }

  /** Makes a collection anew, with vectors in it. */
  async fill(name, vectors, options = {}) {
    await fetch(`${this.url}/collections/${name}`, { method: 'DELETE' });
    await this.ask('PUT', `/collections/${name}`, { vectors: { size: vectors[0].length, distance: 'Euclid' }, sonidb: options });
    for (let at = 0; at < vectors.length; at += 1000) {
      const points = vectors.slice(at, at + 1000).map((vector, i) => ({ id: at + i, vector: Array.from(vector), payload: { n: at + i } }));
      await this.ask('PUT', `/collections/${name}/points?wait=true`, { points });
    }
    return `${this.url}/collections/${name}`;
  }
}

/** Forwards connections; `harm(connection, data)` gives what the receiver gets, or null for the end. */
export async function proxy(port, harm) {
  let connections = 0;
  const open = new Set();
  const server = createServer((client) => {
    const number = ++connections;
    open.add(client);
    const node = connect(port, '127.0.0.1');
    client.on('error', () => node.destroy()).on('close', () => node.destroy()).pipe(node);
    node.on('error', () => client.destroy()).on('close', () => client.end()).on('data', (data) => {
      const changed = harm(number, data);
      if (changed === null) client.destroy();
      else client.write(changed);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.close();
    open.forEach((client) => client.destroy());
  };
  return { port: server.address().port, close, get connections() { return connections; } };
}
