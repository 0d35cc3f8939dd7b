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
const ledgers = { tried: openLedger(tried), accepted: openLedger(accepted) };

let stopping = false;
process.stdin.once('data', () => {
  stopping = true;
});

/** @param {string} token @param {string[]} recipients @returns {Promise<boolean>} acknowledged */
async function sendOverHttp(token, recipients) {
  const form = new FormData();
  const fields = { from: 'a@src.test', subject: token, text: `Body of ${token}`, 'h:X-Token': token };
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  for (const recipient of recipients) form.append('to', recipient);
  const authorization = `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`;
  const response = await fetch(`http://127.0.0.1:${http}/v3/src.test/messages`, { method: 'POST', body: form, headers: { authorization } });
  return response.status === 200 && (await response.json()).message === 'Queued. Thank you.';
}

/** @param {string} token @param {string[]} recipients */
async function sendOverSmtp(token, recipients) {
  const message = { from: 'a@src.test', to: recipients, subject: token, text: `Body of ${token}`, headers: { 'X-Token': token } };
  return (await smtpSend({ port: smtp, login, password }, message)).code === 250;
}

/** @param {number} lane */
async function run(lane) {
  for (let index = 0; !stopping; index++) {
    const token = `${name}-${lane}-${index}`;
    const recipients = index % 5 === 0 ? [`one-${token}@dst.test`, `two-${token}@dst.test`] : [`one-${token}@dst.test`];
    for (const recipient of recipients) ledgers.tried.add({ token, recipient, at: Date.now() });
    const isAccepted = await (lane % 2 === 0 ? sendOverHttp : sendOverSmtp)(token, recipients).catch(() => false);
    if (isAccepted) for (const recipient of recipients) ledgers.accepted.add({ token, recipient, at: Date.now() });
    await sleep(PAUSE_MS);
  }
}

await Promise.all(Array.from({ length: LANES }, (_, lane) => run(lane)));
process.exit(0);
