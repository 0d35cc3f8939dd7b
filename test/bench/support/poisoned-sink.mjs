// @ts-check
/**
 * A mail server, in a process of its own, that takes every message and counts them, but for those to certain recipients: `hang-data…` and `hang-dot…`
 * get no answer there, `cut-rcpt…` and `cut-data…` lose their session there.
 *
 * `fork(file, [port, delayMs])`: says `listening`, and then how many it has taken whenever that has changed. `delayMs`: before each reply to a message.
 */
import { createServer } from 'node:net';

const [port = 0, delayMs = 0] = process.argv.slice(2).map(Number);
const END_OF_DATA = '\r\n.\r\n';
let taken = 0;
let told = 0;

/** @param {import('node:net').Socket} socket */
function converse(socket) {
  let input = '';
  let recipient = '';
  let isData = false;
  /** Nothing is read: for a moment, or for good. */
  let isBusy = false;
  const isTo = (/** @type {string} */ name) => recipient.startsWith(name);

  function takeMessage() {
    isData = false;
    isBusy = true;
    if (isTo('hang-dot')) return;
    const answer = () => {
      isBusy = false;
      taken += 1;
      socket.write('250 2.0.0 Ok\r\n');
      read();
    };
    if (delayMs > 0) setTimeout(answer, delayMs);
    else answer();
  }

  /** @param {string} line */
  function obey(line) {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'RCPT') recipient = line.slice('RCPT TO:<'.length);
    if ((verb === 'RCPT' && isTo('cut-rcpt')) || (verb === 'DATA' && isTo('cut-data'))) socket.destroy();
    else if (verb === 'DATA' && isTo('hang-data')) isBusy = true;
    else if (verb === 'QUIT') socket.end('221 Bye\r\n');
    else if (verb === 'EHLO') socket.write('250-sink.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n');
    else socket.write(verb === 'DATA' ? '354 Go\r\n' : '250 Ok\r\n');
    isData = verb === 'DATA';
  }

  function read() {
    while (!isBusy && !socket.destroyed) {
      const mark = isData ? END_OF_DATA : '\r\n';
      const end = input.indexOf(mark);
      if (end < 0) return;
      const line = input.slice(0, end);
      input = input.slice(end + mark.length);
      if (isData) takeMessage();
      else obey(line);
    }
  }

  socket.setNoDelay(true).setEncoding('latin1').write('220 sink.test ESMTP\r\n');
  socket.on('data', (chunk) => {
    input += chunk;
    read();
  });
  // Whoever hangs is cut in the end.
  socket.on('error', () => undefined);
}

createServer(converse).listen(port, '127.0.0.1', () => process.send?.('listening'));
setInterval(() => {
  if (taken === told) return;
  told = taken;
  process.send?.(taken);
}, 5);
process.on('disconnect', () => process.exit());
