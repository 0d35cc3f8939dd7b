// @ts-check
/**
 * `npm run bench`: how many messages a second Mailwagon takes and relays, beside Postfix on the same machine in the same run. Both take mail from this
 * machine without a login and pass it on to a sink over SMTP; Mailwagon also signs each message and records its events. Load and sink are Postfix's
 * own smtp-source and smtp-sink. Runs come in pairs, because a machine is seldom alone; medians and the ratios of the pairs are printed at the end,
 * and Mailwagon's processor time per message, which other work on the machine changes little.
 *
 * `--work` says what is measured:
 * - `relay` (default): from the first byte sent to the last message at the sink, connections kept; beside it the rate of acknowledgements meanwhile
 * - `accept`: from the first byte sent to the last acknowledgement, with all mail held on both sides, so that nothing is delivered meanwhile
 * - `fresh`: as relay, with a new connection for each message; more sessions by default
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { freePorts } from '../support/free-port.mjs';
import { makeMailwagon } from '../support/mailwagon-process.mjs';
import { startPostfix } from '../support/postfix.mjs';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { median, runBench } from './support/closing.mjs';
import { startSmtpSink } from './support/smtp-sink.mjs';
import { threadTimes, timePerMessage } from './support/thread-time.mjs';

const { values } = parseArgs({
  options: {
    work: { type: 'string', default: 'relay' },
    messages: { type: 'string', default: '5000' },
    sessions: { type: 'string' },
    /** Bytes of a message. */
    size: { type: 'string', default: '4096' },
    pairs: { type: 'string', default: '3' },
    /** Only this server: mailwagon or postfix. */
    only: { type: 'string' },
    /** Folder for a CPU profile of Mailwagon. */
    profile: { type: 'string' },
  },
});
const { work } = values;
if (!['relay', 'accept', 'fresh'].includes(work)) throw new Error('--work is relay, accept or fresh');
const MESSAGES = Number(values.messages);
const SESSIONS = values.sessions ?? (work === 'fresh' ? '100' : '20');
const PATIENCE_MS = 180_000;
const SENDER = 'a@src.test';
const RECIPIENT = 'b@dst.test';

/**
 * @typedef {{ port: number, pid?: number }} Server
 * @typedef {{ rate: number, accepted: number, time: { all: number, loop: number } | undefined }} Result
 */

/** @param {(() => unknown)[]} closing @param {number} port */
async function startSink(closing, port) {
  const sink = await startSmtpSink(port);
  closing.push(sink.stop);
  return sink;
}

/** @param {(() => unknown)[]} closing @param {number} sink @returns {Promise<Server>} */
async function startMailwagon(closing, sink) {
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
  if (work === 'accept') {
    const { code, stderr } = await server.cli('queue', 'hold', '--all');
    if (code !== 0) throw new Error(`holding all mail: ${stderr}`);
  }
  return { port: server.addresses.smtp[0] ?? 0, pid: server.addresses.pid };
}

/** @param {(() => unknown)[]} closing @param {number} port @param {number} sink @returns {Promise<Server>} */
async function startRival(closing, port, sink) {
  const postfix = await startPostfix({
    port,
    settings: {
      myhostname: 'relay.test',
      relayhost: `[127.0.0.1]:${sink}`,
      smtp_tls_security_level: 'none',
      // Held mail is not even looked at by its queue manager.
      ...(work === 'accept' ? { smtpd_sender_restrictions: 'check_sender_access static:hold' } : {}),
    },
  });
  closing.push(() => postfix.stop());
  return { port };
}

/** @param {Server} server @param {{ count: () => number }} sink @returns {Promise<Result>} */
async function measure({ port, pid }, sink) {
  const before = sink.count();
  const times = pid === undefined ? undefined : threadTimes(pid);
  const reuse = work === 'fresh' ? [] : ['-d'];
  const args = ['-s', SESSIONS, '-l', values.size, '-m', values.messages, ...reuse, '-f', SENDER, '-t', RECIPIENT, `127.0.0.1:${port}`];
  const began = performance.now();
  const load = spawn('smtp-source', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise((resolve) => load.on('exit', resolve));
  if (code !== 0) throw new Error(`smtp-source ended with ${code}`);
  const perSecond = () => Math.round(MESSAGES / ((performance.now() - began) / 1000));
  const accepted = perSecond();
  if (work !== 'accept') {
    await waitFor(() => sink.count() - before >= MESSAGES, {
      timeoutMs: PATIENCE_MS,
      intervalMs: 5,
      what: `${MESSAGES} messages at the sink`,
    });
  }
  return { rate: perSecond(), accepted, time: pid === undefined || times === undefined ? undefined : timePerMessage(pid, times, MESSAGES) };
}

const rateText = (/** @type {Result} */ { rate, accepted }) => (work === 'accept' ? `${rate}` : `${rate}, accepted at ${accepted}`);
const timeText = (/** @type {Result['time']} */ time) => (time === undefined ? '' : `  ${time.all} µs each, event loop ${time.loop}`);

await runBench(async (closing) => {
  const [sinkA = 0, sinkB = 0, postfixPort = 0] = await freePorts(3);
  /** @type {Record<string, { server: Server, sink: { count: () => number }, results: Result[] }>} */
  const servers = {};
  if (values.only !== 'postfix')
    servers.mailwagon = { sink: await startSink(closing, sinkA), server: await startMailwagon(closing, sinkA), results: [] };
  if (values.only !== 'mailwagon')
    servers.postfix = { sink: await startSink(closing, sinkB), server: await startRival(closing, postfixPort, sinkB), results: [] };
  console.log(`${work}: ${MESSAGES} messages of ${values.size} bytes over ${SESSIONS} sessions, messages per second`);
  for (let pair = 0; pair <= Number(values.pairs); pair++) {
    for (const [name, { server, sink, results }] of Object.entries(servers)) {
      const result = await measure(server, sink);
      // The first pair warms up.
      if (pair > 0) results.push(result);
      console.log(`${pair === 0 ? 'warm-up' : `run ${pair}  `}  ${name.padEnd(9)}  ${rateText(result)}${timeText(result.time)}`);
    }
  }
  for (const [name, { results }] of Object.entries(servers)) {
    const times = results.flatMap(({ time }) => (time === undefined ? [] : [time]));
    const time = times.length === 0 ? undefined : { all: median(times.map(({ all }) => all)), loop: median(times.map(({ loop }) => loop)) };
    console.log(`median   ${name.padEnd(9)}  ${median(results.map(({ rate }) => rate))}${timeText(time)}`);
  }
  const { mailwagon, postfix } = servers;
  if (mailwagon === undefined || postfix === undefined) return;
  const printRatio = (/** @type {string} */ name, /** @type {'rate' | 'accepted'} */ figure) => {
    const ratios = mailwagon.results.map((result, index) => result[figure] / (postfix.results[index]?.[figure] ?? 1));
    console.log(`${name.padEnd(9)}${median(ratios).toFixed(2)} (of each pair: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})`);
  };
  printRatio('ratio', 'rate');
  if (work !== 'accept') printRatio('accepted', 'accepted');
});
