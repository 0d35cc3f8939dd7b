// @ts-check
/**
 * A process of its own that takes mail and writes `{ token, recipient, at }` to a ledger before its 250. `node sink.mjs LEDGER` prints its port.
 */
import { SMTPServer } from 'smtp-server';
import { openLedger } from './ledger.mjs';

const ledger = openLedger(process.argv[2] ?? '');

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  onData(stream, session, callback) {
    /** @type {Buffer[]} */
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      const [, token] = /^X-Token: (\S+)\r$/m.exec(Buffer.concat(chunks).toString('latin1')) ?? [];
      if (token === undefined) return callback(new Error('a message without its token'));
      for (const { address } of session.envelope.rcptTo) ledger.add({ token, recipient: address, at: Date.now() });
      callback();
    });
  },
});
// The peer is killed on purpose.
server.on('error', () => {});
server.listen(0, '127.0.0.1', () => console.log(/** @type {import('node:net').AddressInfo} */ (server.server.address()).port));
