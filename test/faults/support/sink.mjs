// @ts-check
/**
 * A process of its own that takes mail and writes `{ token, recipient, at, session, turn }` to a ledger before its 250: which of its sessions it came on, and
 * as the how manieth message of that. Recipients `later-…` are put off twice, each time written to the ledger DEFERRED before the 450.
 * `node sink.mjs '{"delivered":LEDGER,"deferred":LEDGER}'` prints its port.
 */
import { SMTPServer } from 'smtp-server';
import { openLedger } from './ledger.mjs';

const DEFERRALS = 2;
const files = JSON.parse(process.argv[2] ?? '{}');
const ledgers = { delivered: openLedger(files.delivered), deferred: openLedger(files.deferred) };
/** @type {Map<string, number>} by recipient */
const deferrals = new Map();
/** @type {Map<string, number>} messages by session */
const turns = new Map();

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  onRcptTo({ address }, _session, callback) {
    const before = deferrals.get(address) ?? 0;
    if (!address.startsWith('later-') || before >= DEFERRALS) return callback();
    deferrals.set(address, before + 1);
    ledgers.deferred.add({ recipient: address, at: Date.now() });
    callback(Object.assign(new Error('4.3.0 not now'), { responseCode: 450 }));
  },
  onData(stream, session, callback) {
    /** @type {Buffer[]} */
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      const text = Buffer.concat(chunks).toString('latin1');
      const [, token] = /^X-Token: (\S+)\r$/m.exec(text) ?? [];
      if (token === undefined) return callback(new Error('a message without its token'));
      if (!text.includes(`\r\nEnd of ${token}\r\n`)) return callback(new Error('a message without its end'));
      const turn = (turns.get(session.id) ?? 0) + 1;
      turns.set(session.id, turn);
      for (const { address } of session.envelope.rcptTo) {
        ledgers.delivered.add({ token, recipient: address, at: Date.now(), session: session.id, turn });
      }
      callback();
    });
  },
});
// The peer is killed on purpose.
server.on('error', () => {});
server.listen(0, '127.0.0.1', () => console.log(/** @type {import('node:net').AddressInfo} */ (server.server.address()).port));
