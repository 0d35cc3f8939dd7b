// @ts-check
/** The real bin/mailwagon as a process: initialise, start, stop, kill, and run its commands against the server. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const MAILWAGON = fileURLToPath(new URL('../../bin/mailwagon', import.meta.url));
/** A slow machine with other work to do. */
const START_MS = 30_000;
const STOP_MS = 45_000;

/**
 * Runs one command to its end; 127 stands for an end by signal. `program`: another one than ours.
 * @param {string[]} args @param {{ env?: Record<string, string>, cwd?: string, input?: string, program?: string }} [options]
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 */
export function runMailwagon(args, { env = {}, cwd, input = '', program = MAILWAGON } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { cwd, env: { ...cleanEnvironment(), ...env } });
    const text = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => (text.stdout += chunk));
    child.stderr.on('data', (chunk) => (text.stderr += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 127, ...text }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** Whatever configuration the tester has must not leak into a test. */
function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MAILWAGON_') && name !== 'NOTIFY_SOCKET'));
}

/**
 * @param {{ folder: string, config?: Record<string, any>, wrap?: (command: string[]) => string[] }} options
 * @returns {import('./mailwagon-process.d.mts').MailwagonProcess}
 */
export function makeMailwagon({ folder, config = {}, wrap = (command) => command }) {
  const configFile = join(folder, 'mailwagon.yaml');
  const dataDir = config.dataDir ?? join(folder, 'data');
  const effective = {
    hostname: 'mail.mailwagon.test',
    dataDir,
    ...config,
    listen: { smtp: ['127.0.0.1:0'], smtps: ['127.0.0.1:0'], http: ['127.0.0.1:0'], ...config.listen },
  };
  // JSON is YAML.
  writeFileSync(configFile, JSON.stringify(effective, null, 2));

  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child;
  /** @type {Promise<number | NodeJS.Signals>} */
  let ended = Promise.resolve(0);
  /** @type {import('./mailwagon-process.d.mts').Addresses | undefined} */
  let addresses;
  /** @type {import('./mailwagon-process.d.mts').Initialised | undefined} */
  let keys;
  /** @type {Record<string, any>[]} */
  const log = [];
  let errors = '';

  /** @param {string} line */
  function note(line) {
    if (line === '') return;
    try {
      log.push(JSON.parse(line));
    } catch {
      log.push({ msg: line });
    }
  }

  /** Lines of standard output, as the process writes them. @param {import('node:child_process').ChildProcess} process @param {() => void} onLine */
  function follow(process, onLine) {
    let rest = '';
    process.stdout?.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(note);
      onLine();
    });
    process.stderr?.on('data', (chunk) => (errors += chunk));
  }

  async function start() {
    const seen = log.length;
    const [command = '', ...args] = wrap([process.execPath, MAILWAGON, 'serve', '--config', configFile]);
    // What was in hand when a test killed the server is not to make it wait for half a minute.
    const env = { ...cleanEnvironment(), MAILWAGON_TEST_REST_MS: '500' };
    const started = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    ended = new Promise((resolve, reject) => {
      started.on('error', reject);
      started.on('close', (code, signal) => resolve(code ?? signal ?? 127));
    });
    const ready = new Promise((resolve) => {
      follow(started, () => {
        const line = log.slice(seen).find(({ msg }) => msg === 'ready');
        if (line !== undefined) resolve(line);
      });
    });
    const tooLate = timeout(START_MS);
    const first = await Promise.race([ready, ended, tooLate.promise]);
    tooLate.cancel();
    if (typeof first !== 'object' || first === null) {
      started.kill('SIGKILL');
      throw new Error(`mailwagon serve did not become ready (${first ?? `${START_MS} ms`}):\n${text()}`);
    }
    const { smtp, smtps, http, pid } = /** @type {any} */ (first);
    addresses = {
      smtp: smtp.map(portOf),
      smtps: smtps.map(portOf),
      http: http.map(portOf),
      pid,
    };
    return addresses;
  }

  /** @param {NodeJS.Signals} signal */
  async function end(signal) {
    const ending = child;
    if (ending === undefined) return 0;
    const pid = addresses?.pid ?? ending.pid;
    if (ending.exitCode === null && ending.signalCode === null && pid !== undefined) signalTo(pid, signal);
    const tooLate = timeout(STOP_MS);
    const code = await Promise.race([ended, tooLate.promise]);
    tooLate.cancel();
    if (code === undefined) {
      ending.kill('SIGKILL');
      throw new Error(`mailwagon did not end within ${STOP_MS} ms of ${signal}:\n${text()}`);
    }
    child = undefined;
    addresses = undefined;
    return code;
  }

  // Reading is what waiting tests do all the time.
  const isPolling = (/** @type {Record<string, any>} */ line) => line.msg === 'request' && line.method === 'GET' && line.status === 200;
  const text = () => `${log.flatMap((line) => (isPolling(line) ? [] : JSON.stringify(line))).join('\n')}\n${errors}`;
  const running = () => {
    if (addresses === undefined) throw new Error('the server is not running');
    return addresses;
  };

  return {
    configFile,
    dataDir,
    log,
    logText: text,
    async init() {
      const { code, stdout, stderr } = await runMailwagon(['init', '--config', configFile, '--json']);
      if (code !== 0) throw new Error(`mailwagon init failed (${code}): ${stderr}`);
      keys = JSON.parse(stdout);
      return /** @type {any} */ (keys);
    },
    start,
    stop: (signal = 'SIGTERM') => end(signal),
    kill: () => end('SIGKILL').then(() => undefined),
    signal: (name) => signalTo(running().pid, name),
    exited: () => ended,
    get addresses() {
      return running();
    },
    get url() {
      return `http://127.0.0.1:${running().http[0]}`;
    },
    get keys() {
      if (keys === undefined) throw new Error('the data folder is not initialised by this test');
      return keys;
    },
    cli(...args) {
      const env = { MAILWAGON_API_URL: `http://127.0.0.1:${running().http[0]}`, MAILWAGON_API_KEY: keys?.apiKey ?? '' };
      return runMailwagon(args, { env });
    },
    async api(method, path, { form, key, query, signal } = {}) {
      const url = new URL(path, `http://127.0.0.1:${running().http[0]}`);
      for (const [name, value] of pairs(query ?? {})) url.searchParams.append(name, String(value));
      const authorization = `Basic ${Buffer.from(`api:${key ?? keys?.apiKey ?? ''}`).toString('base64')}`;
      const body = form === undefined ? undefined : formData(form);
      const response = await fetch(url, { method, headers: { authorization }, body, signal });
      const answer = await response.text();
      const json = response.headers.get('content-type')?.includes('json') ? JSON.parse(answer) : undefined;
      return { status: response.status, headers: response.headers, text: answer, body: json };
    },
  };
}

/** `host:port` to port. @param {string} address */
const portOf = (address) => Number(address.slice(address.lastIndexOf(':') + 1));

/** @param {number} pid @param {NodeJS.Signals} signal */
function signalTo(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone already.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/** @param {number} ms */
function timeout(ms) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const promise = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { promise, cancel: () => clearTimeout(timer) };
}

/** @param {Record<string, any>} fields @returns {[string, any][]} */
const pairs = (fields) =>
  Object.entries(fields).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).filter((one) => one !== undefined).map((one) => /** @type {[string, any]} */ ([name, one])),
  );

/** Files stand as `{ name, bytes, type }`. @param {Record<string, any>} form */
function formData(form) {
  const data = new FormData();
  for (const [name, value] of pairs(form)) {
    if (typeof value === 'object') data.append(name, new Blob([value.bytes], { type: value.type }), value.name);
    else data.append(name, String(value));
  }
  return data;
}
