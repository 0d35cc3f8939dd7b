// @ts-check
/** An SMTP client that a test steers line by line, and a runner for dialogs written as text. */
import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { basename } from 'node:path';
import { connect as tlsConnect } from 'node:tls';

/** @param {import('./smtp-dialog.d.mts').DialogOptions} options */
export async function openDialog({ port, host = '127.0.0.1', tls = false, timeoutMs = 5000, localAddress }) {
  const plain = createConnection({ port, host, ...(localAddress ? { localAddress } : {}) });
  /** @type {import('node:net').Socket} */
  let socket = tls ? tlsConnect({ socket: plain, rejectUnauthorized: false }) : plain;
  let input = '';
  let ended = false;
  let wake = () => {};
  /** @type {string[]} */
  const transcript = [];

  /** @param {import('node:net').Socket} on */
  function listen(on) {
    on.on('data', (chunk) => {
      if (on !== socket) return;
      input += chunk.toString('utf8');
      wake();
    });
    const end = () => {
      if (on !== socket) return;
      ended = true;
      wake();
    };
    on.on('end', end);
    on.on('close', end);
    on.on('error', end);
  }

  /** Waits for `ready` to give something other than undefined. @template T @param {() => T | undefined} ready @param {string} what @returns {Promise<T>} */
  async function until(ready, what) {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const value = ready();
      if (value !== undefined) return value;
      const left = deadline - performance.now();
      if (ended || left <= 0) {
        throw new Error(
          `${ended ? 'connection closed' : `nothing for ${timeoutMs} ms`} while waiting for ${what}\n${transcript.slice(-20).join('\n')}`,
        );
      }
      await /** @type {Promise<void>} */ (
        new Promise((resolve) => {
          const timer = setTimeout(resolve, left);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        })
      );
    }
  }

  /** @type {import('./smtp-dialog.d.mts').Dialog} */
  const dialog = {
    transcript,
    send(line) {
      transcript.push(`c: ${line}`);
      socket.write(`${line}\r\n`);
    },
    sendRaw(bytes) {
      transcript.push(`c: [${Buffer.byteLength(bytes)} bytes]`);
      socket.write(bytes);
    },
    async reply(what = 'a reply') {
      const text = await until(() => {
        const [whole] = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r?\n/.exec(input) ?? [];
        if (whole === undefined) return undefined;
        input = input.slice(whole.length);
        return whole;
      }, what);
      const lines = text.trimEnd().split(/\r?\n/);
      for (const line of lines) transcript.push(`s: ${line}`);
      return { code: Number(text.slice(0, 3)), lines, text: lines.join('\n') };
    },
    async expect(wanted) {
      const reply = await dialog.reply(String(wanted));
      const fits = wanted instanceof RegExp ? wanted.test(reply.text) : String(reply.code).startsWith(String(wanted));
      if (!fits) throw new Error(`expected ${wanted}, got: ${reply.text}\n${transcript.slice(-20).join('\n')}`);
      return reply;
    },
    async command(line, wanted) {
      dialog.send(line);
      return await dialog.expect(wanted);
    },
    async startTls(options = {}) {
      socket.removeAllListeners('data');
      const secure = tlsConnect({ socket: plain, rejectUnauthorized: false, ...options });
      socket = secure;
      listen(secure);
      await new Promise((resolve, reject) => {
        secure.once('secureConnect', () => resolve(undefined));
        secure.once('error', reject);
      });
      transcript.push('-- TLS');
    },
    expectClosed: () => until(() => (ended ? true : undefined), 'the server to close').then(() => undefined),
    unread: () => input,
    /** @returns {Promise<void>} */
    close: () =>
      new Promise((resolve) => {
        if (plain.destroyed) return resolve();
        plain.once('close', () => resolve());
        socket.destroy();
        plain.destroy();
      }),
  };

  plain.on('error', () => {});
  listen(socket);
  await new Promise((resolve, reject) => {
    socket.once(tls ? 'secureConnect' : 'connect', () => resolve(undefined));
    socket.once('error', reject);
    plain.once('error', reject);
  });
  return dialog;
}

/**
 * Plays a dialog file: `c:` sends a line, `s:` wants a whole reply that fits the pattern, and so on (see smtp-dialog.d.mts).
 * @param {string} file @param {number} port @param {import('./smtp-dialog.d.mts').RunOptions} [options]
 */
export async function runDialog(file, port, options = {}) {
  const { variables = {}, ...connection } = options;
  const text = await readFile(file, 'utf8');
  const dialog = await openDialog({ port, ...connection });
  try {
    for (const [index, line] of text.split('\n').entries()) {
      const filled = line.replace(/\$\{(\w+)\}/g, (whole, name) => variables[name] ?? whole);
      try {
        await playLine(dialog, filled);
      } catch (error) {
        throw new Error(`${basename(file)}:${index + 1}: ${line}\n${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
    return dialog.transcript;
  } finally {
    await dialog.close();
  }
}

/** @param {import('./smtp-dialog.d.mts').Dialog} dialog @param {string} line */
async function playLine(dialog, line) {
  if (line.trim() === '' || line.startsWith('#')) return;
  const [, verb = '', rest = ''] = /^([a-z]+)(?:: ?(.*))?$/.exec(line) ?? [];
  switch (verb) {
    case 'c':
      return dialog.send(rest);
    case 'raw':
      return dialog.sendRaw(bytesOf(rest));
    case 's':
      await dialog.expect(patternOf(rest));
      return;
    case 'starttls':
      return dialog.startTls();
    case 'closed':
      return dialog.expectClosed();
    case 'close':
      return dialog.close();
    default:
      throw new Error('not a line of a dialog');
  }
}

/** `/regex/`, or text in which `*` stands for anything, line ends included. @param {string} pattern */
function patternOf(pattern) {
  const regex = /^\/(.*)\/$/.exec(pattern);
  if (regex) return new RegExp(regex[1] ?? '', 's');
  const escaped = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`, 's');
}

/** `\r`, `\n`, `\t`, `\0`, `\\` and `\xHH`; the rest is UTF-8. @param {string} text */
function bytesOf(text) {
  const named = /** @type {Record<string, string>} */ ({ r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\' });
  const parts = text.split(/(\\x[0-9a-fA-F]{2}|\\[rnt0\\])/);
  return Buffer.concat(
    parts.map((part) =>
      part.startsWith('\\x') ? Buffer.from(part.slice(2), 'hex') : Buffer.from(part.startsWith('\\') ? (named[part.slice(1)] ?? '') : part),
    ),
  );
}
