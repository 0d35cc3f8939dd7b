// @ts-check
/** One connection to the scripted mail exchanger: splits the bytes into commands and messages, one after the other. */
import { perform } from './scripted-mx-action.mjs';

const DEFAULTS = {
  mail: '250 2.1.0 Ok',
  rcpt: '250 2.1.5 Ok',
  data: '354 End data with <CR><LF>.<CR><LF>',
  dot: '250 2.0.0 Ok: queued',
  quit: '221 2.0.0 Bye',
};
/** @param {number | undefined} code */
const is2xx = (code) => code !== undefined && code >= 200 && code < 300;
const END_OF_DATA = Buffer.from('\r\n.\r\n');

/**
 * @typedef {object} Connection
 * @property {import('node:net').Socket} socket what is written to now: the TCP socket, or TLS over it
 * @property {import('node:net').Socket} tcp
 * @property {import('./scripted-mx.d.mts').Session} session
 * @property {import('./scripted-mx.d.mts').ScriptedMx} mx
 * @property {Map<string, number>} reached
 * @property {((plain: import('node:net').Socket) => import('node:tls').TLSSocket) | undefined} upgrade
 * @property {Buffer} input bytes not yet understood
 * @property {boolean} deaf nothing more is answered, by script
 * @property {boolean} ended the peer sends nothing more; what it sent before is still carried out
 */

/**
 * @param {{ socket: import('node:net').Socket, mx: import('./scripted-mx.d.mts').ScriptedMx, reached: Map<string, number>,
 *   upgrade: Connection['upgrade'], implicitTls: boolean }} given
 */
export function makeSession({ socket, mx, reached, upgrade, implicitTls }) {
  const session = newSession(mx.sessions.length + 1, socket.remoteAddress ?? '');
  mx.sessions.push(session);
  /** @type {Connection} */
  const connection = { socket, tcp: socket, session, mx, reached, upgrade, input: Buffer.alloc(0), deaf: false, ended: false };
  socket.on('close', () => {
    session.closed = true;
  });
  // A peer that resets is among what is tested.
  socket.on('error', (error) => session.errors.push(String(error)));
  listen(connection);
  void converse(connection, implicitTls);
}

/** @param {number} id @param {string} remoteAddress @returns {import('./scripted-mx.d.mts').Session} */
function newSession(id, remoteAddress) {
  const chunks = { received: /** @type {Buffer[]} */ ([]), sent: /** @type {Buffer[]} */ ([]) };
  return {
    id,
    remoteAddress,
    commands: [],
    errors: [],
    helo: '',
    tls: false,
    tlsVersion: undefined,
    servername: undefined,
    tlsResumed: false,
    bytesBeforeTls: Buffer.alloc(0),
    auth: undefined,
    messages: 0,
    closed: false,
    chunks,
    get received() {
      return Buffer.concat(chunks.received);
    },
    get sent() {
      return Buffer.concat(chunks.sent);
    },
  };
}

/** @type {WeakMap<Connection, () => void>} */
const wakeUps = new WeakMap();

/** @param {Connection} connection */
function listen(connection) {
  const { socket, session } = connection;
  socket.on('data', (chunk) => {
    if (connection.socket !== socket) return;
    session.chunks.received.push(chunk);
    connection.input = connection.input.length === 0 ? chunk : Buffer.concat([connection.input, chunk]);
    wakeUps.get(connection)?.();
  });
  const end = () => {
    if (connection.socket === socket) connection.ended = true;
    wakeUps.get(connection)?.();
  };
  socket.on('end', end);
  socket.on('close', end);
}

/** Shakes hands, unless the script has something else in mind. @param {Connection} connection */
async function startTls(connection) {
  const { upgrade, session, tcp } = connection;
  if ((await perform(connection, 'handshake', '', undefined)) !== undefined) {
    tcp.resume();
    return;
  }
  if (!upgrade) throw new Error('the scripted MX was given no certificate');
  // Plaintext sent behind STARTTLS must not be taken for part of the encrypted session (CVE-2011-0411).
  session.bytesBeforeTls = connection.input;
  connection.input = Buffer.alloc(0);
  tcp.removeAllListeners('data');
  const secure = upgrade(tcp);
  connection.socket = secure;
  secure.on('error', (error) => session.errors.push(String(error)));
  secure.on('secure', () => {
    session.tls = true;
    session.tlsVersion = secure.getProtocol() ?? undefined;
    session.tlsResumed = secure.isSessionReused();
    session.servername = /** @type {any} */ (secure).servername || undefined;
  });
  listen(connection);
}

/** The next line with its line end, or undefined when there will be none. @param {Connection} connection @returns {Promise<Buffer | undefined>} */
async function nextLine(connection) {
  for (;;) {
    const end = connection.input.indexOf(0x0a);
    if (end >= 0 && !connection.deaf) {
      const line = connection.input.subarray(0, end + 1);
      connection.input = connection.input.subarray(end + 1);
      return line;
    }
    if (connection.deaf || connection.ended) return undefined;
    await /** @type {Promise<void>} */ (new Promise((resolve) => wakeUps.set(connection, resolve)));
  }
}

/** Everything up to CRLF.CRLF and nothing else (RFC 5321 4.1.1.4), without that last dot line. @param {Connection} connection @returns {Promise<Buffer | undefined>} */
async function nextMessage(connection) {
  let searched = 0;
  for (;;) {
    if (connection.input.subarray(0, 3).equals(Buffer.from('.\r\n'))) {
      connection.input = connection.input.subarray(3);
      return Buffer.alloc(0);
    }
    const end = connection.input.indexOf(END_OF_DATA, searched);
    if (end >= 0) {
      const raw = connection.input.subarray(0, end + 2);
      connection.input = connection.input.subarray(end + END_OF_DATA.length);
      return raw;
    }
    if (connection.deaf) return undefined;
    searched = Math.max(0, connection.input.length - END_OF_DATA.length);
    await /** @type {Promise<void>} */ (new Promise((resolve) => wakeUps.set(connection, resolve)));
  }
}

/** @param {Connection} connection @param {boolean} implicitTls */
async function converse(connection, implicitTls) {
  const { session, mx } = connection;
  if (implicitTls) {
    connection.tcp.pause();
    await startTls(connection);
  }
  const state = { mailFrom: /** @type {string | undefined} */ (undefined), mailParameters: '', rcptTo: /** @type {string[]} */ ([]) };
  await perform(connection, 'banner', '', `220 ${mx.hostname} ESMTP scripted`);
  for (;;) {
    const bytes = await nextLine(connection);
    if (bytes === undefined) break;
    const line = bytes.toString('utf8').replace(/\r?\n$/, '');
    session.commands.push(line);
    await handle(connection, state, line);
  }
}

/** @param {Connection} connection @param {{ mailFrom: string | undefined, mailParameters: string, rcptTo: string[] }} state @param {string} line */
async function handle(connection, state, line) {
  const { session } = connection;
  const verb = (/^[A-Za-z]+/.exec(line)?.[0] ?? '').toUpperCase();
  const reset = () => Object.assign(state, { mailFrom: undefined, mailParameters: '', rcptTo: [] });
  switch (verb) {
    case 'EHLO':
    case 'HELO':
      session.helo = line.slice(5);
      reset();
      await perform(connection, 'ehlo', line, verb === 'EHLO' ? ehloReply(connection) : `250 ${connection.mx.hostname}`);
      return;
    case 'STARTTLS':
      if (!connection.upgrade || session.tls) {
        await perform(connection, 'starttls', line, '502 5.5.1 Not offered');
        return;
      }
      // Nothing is read in between, so that the handshake's first bytes are left for TLS.
      connection.tcp.pause();
      if ((await perform(connection, 'starttls', line, '220 2.0.0 Ready')) === 220) await startTls(connection);
      else connection.tcp.resume();
      return;
    case 'AUTH':
      await authenticate(connection, line);
      return;
    case 'MAIL': {
      const [, address = '', parameters = ''] = /^MAIL FROM:\s*<([^>]*)>\s*(.*)$/i.exec(line) ?? [];
      const code = await perform(connection, 'mail', line, state.mailFrom === undefined ? DEFAULTS.mail : '503 5.5.1 Nested MAIL');
      if (is2xx(code)) Object.assign(state, { mailFrom: address, mailParameters: parameters, rcptTo: [] });
      return;
    }
    case 'RCPT': {
      const [, address = ''] = /^RCPT TO:\s*<([^>]*)>/i.exec(line) ?? [];
      const fallback = state.mailFrom === undefined ? '503 5.5.1 Need MAIL' : DEFAULTS.rcpt;
      const { recipients } = connection.mx;
      const override = Object.hasOwn(recipients, address) ? recipients[address] : undefined;
      if (is2xx(await perform(connection, 'rcpt', line, fallback, { override, countAs: `rcpt ${address}` }))) state.rcptTo.push(address);
      return;
    }
    case 'DATA': {
      const code = await perform(connection, 'data', line, state.rcptTo.length > 0 ? DEFAULTS.data : '503 5.5.1 No valid recipients');
      if (code === undefined || code < 300 || code > 399) return;
      await takeMessage(connection, state);
      reset();
      return;
    }
    case 'RSET':
      reset();
      await perform(connection, 'rset', line, '250 2.0.0 Ok');
      return;
    case 'NOOP':
      await perform(connection, 'noop', line, '250 2.0.0 Ok');
      return;
    case 'QUIT':
      await perform(connection, 'quit', line, DEFAULTS.quit);
      connection.socket.end();
      return;
    default:
      await perform(connection, 'other', line, '500 5.5.2 Unknown command');
  }
}

/** @param {Connection} connection */
function ehloReply({ mx, upgrade, session }) {
  const lines = [mx.hostname, ...mx.extensions];
  if (upgrade && !session.tls) lines.push('STARTTLS');
  if (mx.auth) lines.push('AUTH PLAIN LOGIN');
  return lines.map((text, index) => `250${index < lines.length - 1 ? '-' : ' '}${text}`).join('\r\n');
}

/** @param {Connection} connection @param {{ mailFrom: string | undefined, mailParameters: string, rcptTo: string[] }} state */
async function takeMessage(connection, state) {
  const { session, mx } = connection;
  const raw = await nextMessage(connection);
  if (raw === undefined) return;
  const message = {
    mailFrom: state.mailFrom ?? '',
    mailParameters: state.mailParameters,
    rcptTo: state.rcptTo,
    data: withoutDotStuffing(raw),
    raw: Buffer.from(raw),
    tls: session.tls,
    helo: session.helo,
    auth: session.auth,
    session: session.id,
    accepted: false,
  };
  mx.attempts.push(message);
  // Kept before the reply goes out, so that whoever sees the reply finds the message.
  const beforeReply = (/** @type {number | undefined} */ code) => {
    if (!is2xx(code)) return;
    message.accepted = true;
    session.messages += 1;
    mx.messages.push(message);
  };
  await perform(connection, 'dot', '.', DEFAULTS.dot, { message, beforeReply });
}

/** RFC 5321 4.5.2: the first dot of a line that begins with one is not part of the message. @param {Buffer} raw */
function withoutDotStuffing(raw) {
  const parts = [];
  let from = raw[0] === 0x2e ? 1 : 0;
  for (let at = raw.indexOf('\r\n.'); at >= 0; at = raw.indexOf('\r\n.', at + 2)) {
    parts.push(raw.subarray(from, at + 2));
    from = at + 3;
  }
  parts.push(raw.subarray(from));
  return Buffer.concat(parts);
}

/** PLAIN and LOGIN, with and without an initial response (RFC 4954). @param {Connection} connection @param {string} line */
async function authenticate(connection, line) {
  const { mx, session } = connection;
  const [, mechanism = '', initial] = line.split(' ');
  const ask = async (/** @type {string} */ challenge) => {
    await perform(connection, 'auth-challenge', line, `334 ${challenge}`);
    const answer = (await nextLine(connection))?.toString('latin1').trim() ?? '';
    session.commands.push(answer);
    return answer;
  };
  const decode = (/** @type {string} */ text) => Buffer.from(text, 'base64').toString('utf8');
  let [user, pass] = ['', ''];
  if (mechanism.toUpperCase() === 'PLAIN') {
    [, user = '', pass = ''] = decode(initial ?? (await ask(''))).split('\0');
  } else {
    user = decode(initial ?? (await ask('VXNlcm5hbWU6')));
    pass = decode(await ask('UGFzc3dvcmQ6'));
  }
  const right = mx.auth !== undefined && user === mx.auth.user && pass === mx.auth.pass;
  const code = await perform(connection, 'auth', line, right ? '235 2.7.0 Welcome' : '535 5.7.8 Authentication failed');
  if (code === 235) session.auth = user;
}
