// @ts-check
/**
 * What it costs to make each recipient's message of a batch when it is sent. Three ways to as many recipients, one after the other, to Postfix's smtp-sink:
 * single (a message each, over SMTP), plain (calls with a thousand recipients and one text) and batch (the same with recipient variables in subject, text and HTML).
 * A rate counts from the first byte sent to the last message at the sink; processor time (all threads) says the same on a machine that others use.
 *
 * `node test/bench/batch.mjs [--batches N] [--size BYTES] [--rounds N] [--profile FOLDER]` after a build.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { freePorts } from '../support/free-port.mjs';
import { makeMailwagon } from '../support/mailwagon-process.mjs';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { processorTime } from './support/processor-time.mjs';
import { startSmtpSink } from './support/smtp-sink.mjs';

const { values } = parseArgs({
  options: {
    batches: { type: 'string', default: '3' },
    /** Bytes of text and HTML together. */
    size: { type: 'string', default: '4096' },
    rounds: { type: 'string', default: '3' },
    /** Folder for a CPU profile. */
    profile: { type: 'string' },
  },
});
const RECIPIENTS = 1000;
const TOTAL = Number(values.batches) * RECIPIENTS;
const addresses = Array.from({ length: RECIPIENTS }, (_, index) => `recipient${index}@dst.test`);
const filler = 'The quick brown fox jumps over the lazy dog.\n'
  .repeat(Math.ceil(Number(values.size) / 90))
  .slice(0, Number(values.size) / 2);
const FORM = {
  from: 'Sender <a@src.test>',
  to: addresses.join(', '),
  subject: 'Hello %recipient.name%',
  text: `Dear %recipient.name%,\n${filler}https://x.test/u/%recipient.id%\n`,
  html: `<p>Dear %recipient.name%,</p>\n${filler}<a href="https://x.test/u/%recipient.id%">unsubscribe</a>\n`,
};
const VARIABLES = JSON.stringify(Object.fromEntries(addresses.map((address, id) => [address, { id, name: `Nämé ${id}` }])));

/** @typedef {{ server: ReturnType<typeof makeMailwagon>, pid: number, smtp: number }} Started */

/** @param {number} sink @param {string} folder @returns {Promise<Started>} */
async function startMailwagon(sink, folder) {
  const { profile } = values;
  const server = makeMailwagon({
    folder,
    wrap: ([node = '', ...rest]) => (profile === undefined ? [node, ...rest] : [node, '--cpu-prof', `--cpu-prof-dir=${profile}`, ...rest]),
    config: {
      trustedNetworks: ['127.0.0.0/8'],
      limits: { unverifiedDomainPerDay: null, apiRequestsPerMinute: null },
      delivery: { transports: [{ match: '*', host: '127.0.0.1', port: sink, tls: 'none' }] },
    },
  });
  await server.init();
  const { pid, smtp } = await server.start();
  const { status, text } = await server.api('POST', '/v4/domains', { form: { name: 'src.test' } });
  if (status !== 200) throw new Error(`creating the domain: ${text}`);
  return { server, pid, smtp: smtp[0] ?? 0 };
}

/** @type {Record<string, (started: Started) => Promise<void>>} */
const WAYS = {
  async single({ smtp }) {
    const args = ['-s', '20', '-l', values.size, '-m', String(TOTAL), '-d', '-f', 'a@src.test', '-t', 'b@dst.test', `127.0.0.1:${smtp}`];
    const load = spawn('smtp-source', args, { stdio: ['ignore', 'inherit', 'inherit'] });
    const code = await new Promise((resolve) => load.on('exit', resolve));
    if (code !== 0) throw new Error(`smtp-source ended with ${code}`);
  },
  plain: (started) => sendAll(started, FORM),
  batch: (started) => sendAll(started, { ...FORM, 'recipient-variables': VARIABLES }),
};

/** @param {Started} started @param {Record<string, string>} form */
async function sendAll({ server }, form) {
  for (let batch = 0; batch < Number(values.batches); batch++) {
    const { status, text } = await server.api('POST', '/v3/src.test/messages', { form });
    if (status !== 200) throw new Error(`sending: ${text}`);
  }
}

/** @param {Started} started @param {{ count: () => number }} sink @param {(started: Started) => Promise<void>} send */
async function measure(started, sink, send) {
  const [count, cpu, began] = [sink.count(), processorTime(started.pid), performance.now()];
  await send(started);
  await waitFor(() => sink.count() - count >= TOTAL, { timeoutMs: 120_000, intervalMs: 5, what: `${TOTAL} messages at the sink` });
  const seconds = (performance.now() - began) / 1000;
  return { rate: Math.round(TOTAL / seconds), cpu: Math.round((processorTime(started.pid) - cpu) / TOTAL) };
}

/** @param {number[]} numbers */
const median = (numbers) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;

/** @param {Started} started @param {{ count: () => number }} sink */
async function bench(started, sink) {
  console.log(
    `${TOTAL} messages of ${values.size} bytes to ${RECIPIENTS} recipients a call: messages per second, processor time per message`,
  );
  /** @type {Record<string, { rate: number, cpu: number }[]>} */
  const results = { single: [], plain: [], batch: [] };
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const [name, send] of Object.entries(WAYS)) {
      const result = await measure(started, sink, send);
      // The first round warms up.
      if (round > 0) results[name]?.push(result);
      console.log(`${round === 0 ? 'warm-up' : `round ${round}`}  ${name.padEnd(6)}  ${result.rate} a second, ${result.cpu} µs`);
    }
  }
  const rate = (/** @type {string} */ name) => median((results[name] ?? []).map((result) => result.rate));
  const cpu = (/** @type {string} */ name) => median((results[name] ?? []).map((result) => result.cpu));
  for (const name of Object.keys(WAYS)) console.log(`median   ${name.padEnd(6)}  ${rate(name)} a second, ${cpu(name)} µs`);
  for (const name of ['single', 'plain']) {
    console.log(
      `batch against ${name}: rate ${(rate('batch') / rate(name)).toFixed(2)}, processor time ${(cpu('batch') / cpu(name)).toFixed(2)}`,
    );
  }
}

const [port = 0] = await freePorts(1);
const folder = tempDir('mailwagon-bench-');
const sink = await startSmtpSink(port);
const started = await startMailwagon(port, folder.path);
try {
  await bench(started, sink);
} finally {
  await started.server.stop();
  await sink.stop();
  folder.cleanup();
}
