// @ts-check
/**
 * A process of its own that sends mail with a token each, half of it over HTTP and half over SMTP, to a server that comes and goes. What it is about to
 * send goes to the ledger `tried`, what was acknowledged to `accepted`. `node submitter.mjs OPTIONS`; runs until it is told to stop by a line on
 * standard input, then ends when its last messages are decided.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { smtpSend } from '../../support/smtp-send.mjs';
import { openLedger } from './ledger.mjs';

const { name, http, smtp, apiKey, login, password, tried, accepted } = JSON.parse(process.argv[2] ?? '{}');
const LANES = 4;
const PAUSE_MS = 20;
/** Every so manieth message of a lane is kept as a file of its own, being longer than 128 kB; and goes to somebody who is put off at first. */
const [LARGE_EVERY, LATER_EVERY] = [6, 4];
const LINE = 'All work and no play makes Jack a dull boy.\r\n';
const LONG = LINE.repeat(Math.ceil(160_000 / LINE.length));

/** @param {string} token @param {boolean} isLarge */
const textOf = (token, isLarge) => `Body of ${token}\r\n${isLarge ? LONG : ''}End of ${token}\r\n`;
const ledgers = { tried: openLedger(tried), accepted: openLedger(accepted) };

let stopping = false;
process.stdin.once('data', () => {
  stopping = true;
});

/** @param {string} token @param {string[]} recipients @param {string} text @returns {Promise<boolean>} acknowledged */
async function sendOverHttp(token, recipients, text) {
  const form = new FormData();
  const fields = { from: 'a@src.test', subject: token, text, 'h:X-Token': token };
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  for (const recipient of recipients) form.append('to', recipient);
  const authorization = `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`;
  const response = await fetch(`http://127.0.0.1:${http}/v3/src.test/messages`, { method: 'POST', body: form, headers: { authorization } });
  return response.status === 200 && (await response.json()).message === 'Queued. Thank you.';
}

/** @param {string} token @param {string[]} recipients @param {string} text */
async function sendOverSmtp(token, recipients, text) {
  const message = { from: 'a@src.test', to: recipients, subject: token, text, headers: { 'X-Token': token } };
  return (await smtpSend({ port: smtp, login, password }, message)).code === 250;
}

/** @param {number} lane */
async function run(lane) {
  for (let index = 0; !stopping; index++) {
    const token = `${name}-${lane}-${index}`;
    const isLarge = index % LARGE_EVERY === 2;
    const first = `${index % LATER_EVERY === 1 ? 'later' : 'one'}-${token}@dst.test`;
    const recipients = index % 5 === 0 ? [first, `two-${token}@dst.test`] : [first];
    for (const recipient of recipients) ledgers.tried.add({ token, recipient, at: Date.now(), isLarge });
    const isAccepted = await (lane % 2 === 0 ? sendOverHttp : sendOverSmtp)(token, recipients, textOf(token, isLarge)).catch(() => false);
    if (isAccepted) for (const recipient of recipients) ledgers.accepted.add({ token, recipient, at: Date.now(), isLarge });
    await sleep(PAUSE_MS);
  }
}

await Promise.all(Array.from({ length: LANES }, (_, lane) => run(lane)));
process.exit(0);
