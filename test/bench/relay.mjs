// @ts-check
/**
 * `npm run bench`: how many messages a second Mailwagon relays, beside Postfix on the same machine in the same run. Both take mail from this machine
 * without a login and pass it on to a sink over SMTP; Mailwagon also signs each message and records its events. Load and sink are Postfix's own
 * smtp-source and smtp-sink. Runs come in pairs, because a machine is seldom alone; medians and their ratio are printed at the end.
 *
 * A rate counts from the first byte sent to the last message at the sink (relay), or to the last acknowledgement (accept).
 */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePorts } from '../support/free-port.mjs';
import { makeMailwagon } from '../support/mailwagon-process.mjs';
import { startPostfix } from '../support/postfix.mjs';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '5000' },
    sessions: { type: 'string', default: '20' },
    /** Bytes of a message. */
    size: { type: 'string', default: '4096' },
    pairs: { type: 'string', default: '3' },
    /** Only this server: mailwagon or postfix. */
    only: { type: 'string' },
    /** Folder for a CPU profile of Mailwagon. */
    profile: { type: 'string' },
  },
});
const MESSAGES = Number(values.messages);
const PATIENCE_MS = 180_000;
const SENDER = 'a@src.test';
const RECIPIENT = 'b@dst.test';

/** @type {(() => unknown)[]} */
const closing = [];

/** @param {number} port */
async function startSink(port) {
  const sink = spawn('smtp-sink', ['-c', '-u', 'nobody', `127.0.0.1:${port}`, '2000'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let count = 0;
  // -c rewrites one status line that ends in mesg=N.
  sink.stdout.on('data', (chunk) => {
    const last = [...String(chunk).matchAll(/mesg=(\d+)/g)].at(-1);
    if (last) count = Number(last[1]);
  });
  const ended = new Promise((resolve, reject) => {
    sink.on('error', () => reject(new Error('smtp-sink is missing: install the package "postfix"')));
    sink.on('exit', resolve);
  });
  closing.push(async () => {
    sink.kill('SIGKILL');
    await ended;
  });
  await Promise.race([sleep(500), ended]);
  return { count: () => count };
}

/** @param {number} sink */
async function startMailwagon(sink) {
  const folder = tempDir('mailwagon-bench-');
  closing.push(folder.cleanup);
  const profiled = (/** @type {string[]} */ [node = '', ...rest]) =>
    values.profile === undefined ? [node, ...rest] : [node, '--cpu-prof', `--cpu-prof-dir=${values.profile}`, ...rest];
  const server = makeMailwagon({
    folder: folder.path,
    wrap: profiled,
    config: {
      trustedNetworks: ['127.0.0.0/8'],
      limits: { unverifiedDomainPerDay: null },
      delivery: { transports: [{ match: '*', host: '127.0.0.1', port: sink, tls: 'none' }] },
    },
  });
  closing.push(() => server.stop());
  await server.init();
  await server.start();
  const { status, text } = await server.api('POST', '/v4/domains', { form: { name: 'src.test' } });
  if (status !== 200) throw new Error(`creating the domain: ${text}`);
  return server.addresses.smtp[0] ?? 0;
}

/** @param {number} port @param {number} sink */
async function startRival(port, sink) {
  const postfix = await startPostfix({
    port,
    // Deliveries and sessions as many as Mailwagon may have; everything else as Debian ships it.
    settings: { myhostname: 'relay.test', relayhost: `[127.0.0.1]:${sink}`, smtp_tls_security_level: 'none' },
  });
  closing.push(() => postfix.stop());
  return port;
}

/** @param {number} port @param {{ count: () => number }} sink */
async function measure(port, sink) {
  const before = sink.count();
  const began = performance.now();
  const args = ['-s', values.sessions, '-l', values.size, '-m', values.messages, '-d', '-f', SENDER, '-t', RECIPIENT, `127.0.0.1:${port}`];
  const load = spawn('smtp-source', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise((resolve) => load.on('exit', resolve));
  if (code !== 0) throw new Error(`smtp-source ended with ${code}`);
  const accepted = performance.now();
  await waitFor(() => sink.count() - before >= MESSAGES, {
    timeoutMs: PATIENCE_MS,
    intervalMs: 5,
    what: `${MESSAGES} messages at the sink`,
  });
  const relayed = performance.now();
  const perSecond = (/** @type {number} */ end) => Math.round(MESSAGES / ((end - began) / 1000));
  return { accept: perSecond(accepted), relay: perSecond(relayed) };
}

/** @param {number[]} numbers */
const median = (numbers) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;

async function bench() {
  const [sinkA = 0, sinkB = 0, postfixPort = 0] = await freePorts(3);
  /** @type {Record<string, { port: number, sink: { count: () => number }, results: { accept: number, relay: number }[] }>} */
  const servers = {};
  if (values.only !== 'postfix') servers.mailwagon = { sink: await startSink(sinkA), port: await startMailwagon(sinkA), results: [] };
  if (values.only !== 'mailwagon')
    servers.postfix = { sink: await startSink(sinkB), port: await startRival(postfixPort, sinkB), results: [] };
  console.log(`${MESSAGES} messages of ${values.size} bytes over ${values.sessions} sessions, messages per second`);
  for (let pair = 0; pair <= Number(values.pairs); pair++) {
    for (const [name, { port, sink, results }] of Object.entries(servers)) {
      const result = await measure(port, sink);
      // The first pair warms up.
      if (pair > 0) results.push(result);
      console.log(`${pair === 0 ? 'warm-up' : `run ${pair}  `}  ${name.padEnd(9)}  accept ${result.accept}  relay ${result.relay}`);
    }
  }
  for (const [name, { results }] of Object.entries(servers)) {
    console.log(
      `median   ${name.padEnd(9)}  accept ${median(results.map(({ accept }) => accept))}  relay ${median(results.map(({ relay }) => relay))}`,
    );
  }
  const { mailwagon, postfix } = servers;
  if (mailwagon === undefined || postfix === undefined) return;
  const ratios = mailwagon.results.map(({ relay }, index) => relay / (postfix.results[index]?.relay ?? 1));
  console.log(`ratio    relay ${median(ratios).toFixed(2)} (of each pair: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})`);
}

let failure;
try {
  await bench();
} catch (error) {
  failure = error;
}
for (const close of closing.reverse()) await close();
if (failure !== undefined) {
  console.error(`The benchmark failed: ${failure instanceof Error ? failure.message : failure}`);
  process.exitCode = 1;
}
