// @ts-check
/** What the scripted mail exchanger does at a stage: reply as usual, reply something else, or misbehave. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const HUGE_LINE_BYTES = 2 * 1024 * 1024;
/** Something happened, but it was no reply: no class of codes. */
const NO_REPLY = 0;

/**
 * Carries out the scripted action of a stage, or sends the usual reply. Gives the code of the reply that went out, 0 for
 * misbehaviour without one, undefined when nothing was done.
 * @param {import('./scripted-mx-session.mjs').Connection} connection
 * @param {import('./scripted-mx.d.mts').Stage} stage
 * @param {string} line the command
 * @param {string | undefined} usual reply when nothing is scripted; undefined: none, something else follows
 * @param {{ override?: import('./scripted-mx.d.mts').Action, countAs?: string, message?: import('./scripted-mx.d.mts').ReceivedMessage,
 *   beforeReply?: (code: number | undefined) => void }} [more] `override` goes before the script and is then counted by `countAs`
 * @returns {Promise<number | undefined>}
 */
export async function perform(connection, stage, line, usual, more = {}) {
  if (connection.deaf) return undefined;
  const action = await chooseAction(connection, stage, line, more);
  if (action === undefined || action === 'default') {
    if (usual === undefined) return undefined;
    return reply(connection, { reply: usual }, usual, more.beforeReply);
  }
  if (typeof action === 'object') return reply(connection, action, usual ?? '', more.beforeReply);
  return misbehave(connection, action, usual ?? '220', more.beforeReply);
}

/** @param {import('./scripted-mx-session.mjs').Connection} connection @param {string} action @param {string} usual @param {((code: number | undefined) => void)} [beforeReply] */
async function misbehave(connection, action, usual, beforeReply) {
  switch (action) {
    case 'close':
      return hangUp(connection, false);
    case 'reset':
      return hangUp(connection, true);
    case 'silence':
      // Reads on, so that the peer sees a host that is alive and says nothing.
      connection.deaf = true;
      return NO_REPLY;
    case 'garbage':
      await write(connection, Buffer.concat([noise(200), Buffer.from('\r\n')]));
      return NO_REPLY;
    case 'endless':
      while (!connection.deaf && !connection.ended && !connection.socket.destroyed) {
        await write(connection, Buffer.from(`${usual.slice(0, 3)}-more\r\n`));
        await sleep(5);
      }
      return NO_REPLY;
    case 'huge-line':
      return reply(connection, { reply: `${usual.slice(0, 3)} ${'x'.repeat(HUGE_LINE_BYTES)}` }, usual, beforeReply);
    default:
      return reply(connection, { reply: action }, usual, beforeReply);
  }
}

/** Random bytes on one line that can be no reply: by chance one would begin with a digit. @param {number} size */
function noise(size) {
  return randomBytes(size).map((byte, index) => (index === 0 ? byte | 0x80 : byte === 0x0a || byte === 0x0d ? 0xff : byte));
}

/**
 * @param {import('./scripted-mx-session.mjs').Connection} connection
 * @param {Exclude<import('./scripted-mx.d.mts').PlainAction, string>} action
 * @param {string} usual @param {((code: number | undefined) => void)} [beforeReply]
 */
async function reply(connection, action, usual, beforeReply) {
  if (action.delayMs !== undefined) await sleep(action.delayMs);
  const text = typeof action.drip === 'string' ? action.drip : (action.reply ?? usual);
  const bytes = action.bytes ?? Buffer.from(`${text}\r\n`);
  const [code] = /^\d{3}/.exec(bytes.toString('latin1', 0, 3)) ?? [];
  beforeReply?.(code === undefined ? undefined : Number(code));
  if (action.drip === undefined) await write(connection, bytes);
  else await drip(connection, bytes, action.everyMs ?? 1000);
  if (action.close || action.reset) hangUp(connection, action.reset === true);
  return code === undefined ? NO_REPLY : Number(code);
}

/** @param {import('./scripted-mx-session.mjs').Connection} connection @param {Buffer} bytes @param {number} everyMs */
async function drip(connection, bytes, everyMs) {
  for (const byte of bytes) {
    if (connection.deaf || connection.ended) return;
    await write(connection, Buffer.of(byte));
    await sleep(everyMs);
  }
}

/** @param {import('./scripted-mx-session.mjs').Connection} connection @param {boolean} reset */
function hangUp(connection, reset) {
  connection.deaf = true;
  if (reset) connection.tcp.resetAndDestroy();
  else connection.socket.end();
  return NO_REPLY;
}

/** @param {import('./scripted-mx-session.mjs').Connection} connection @param {import('./scripted-mx.d.mts').Stage} stage @param {string} line @param {any} more */
async function chooseAction({ mx, reached, session }, stage, line, { override, countAs, message }) {
  const key = override === undefined ? stage : (countAs ?? stage);
  const count = (reached.get(key) ?? 0) + 1;
  reached.set(key, count);
  const scripted = override ?? mx.script[stage];
  if (Array.isArray(scripted)) return scripted[Math.min(count, scripted.length) - 1];
  return typeof scripted === 'function' ? await scripted({ stage, line, count, session, message }) : scripted;
}

/** @param {import('./scripted-mx-session.mjs').Connection} connection @param {Buffer} bytes @returns {Promise<void>} */
function write(connection, bytes) {
  return new Promise((resolve) => {
    const { socket, session } = connection;
    if (socket.destroyed || socket.writableEnded) return resolve();
    session.chunks.sent.push(bytes);
    // An error is told by the socket's own event; here it only ends the wait.
    socket.write(bytes, () => resolve());
  });
}
