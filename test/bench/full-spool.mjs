// @ts-check
/**
 * A server with a million messages in its spool beside one with a thousand: how long its start takes until the first delivery, how fast it relays
 * meanwhile, and how much memory it holds. The messages wait for a domain whose mail exchanger refuses connections; what is relayed comes over SMTP
 * from Postfix's smtp-source and goes to its smtp-sink, signed, with events.
 *
 * `node test/bench/full-spool.mjs [--waiting N] [--messages N]` after a build; takes a few minutes, most of them to fill the spool.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startFakeDns } from '../support/fake-dns.mjs';
import { fillSpool } from '../support/fill-spool.mjs';
import { freePorts } from '../support/free-port.mjs';
import { makeMailwagon } from '../support/mailwagon-process.mjs';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { median, runBench } from './support/closing.mjs';
import { startSmtpSink } from './support/smtp-sink.mjs';
import { residentMb } from './support/thread-time.mjs';

const { values } = parseArgs({
  options: {
    waiting: { type: 'string', default: '1000000' },
    /** Relayed in each of the rounds. */
    messages: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
  },
});
const FEW = 1000;
const MESSAGES = Number(values.messages);
/** Without the limits for hosts that nobody knows, which would be all that is measured. */
const NO_LIMITS = 'default: { connections: 20, messageRate: 100000/s, connectionRate: 100000/s }\n';

/** @typedef {{ server: ReturnType<typeof makeMailwagon>, count: () => number }} Waiting */

/** A server that does not run yet, with so many messages of the past in its spool. @param {number} waiting @param {(() => unknown)[]} closing @returns {Promise<Waiting>} */
async function prepare(waiting, closing) {
  const [port = 0] = await freePorts(1);
  const sink = await startSmtpSink(port);
  closing.push(sink.stop);
  const dns = await startFakeDns({
    'live.test': { MX: [{ preference: 10, exchange: 'mx.live.test' }] },
    'mx.live.test': { A: ['127.0.0.1'] },
    'refused.test': { MX: [{ preference: 10, exchange: 'mx.refused.test' }] },
    // Nobody listens there.
    'mx.refused.test': { A: ['127.0.0.99'] },
  });
  closing.push(() => dns.close());
  const folder = tempDir('mailwagon-bench-');
  closing.push(folder.cleanup);
  const shaping = join(folder.path, 'shaping.yaml');
  writeFileSync(shaping, NO_LIMITS);
  const server = makeMailwagon({
    folder: folder.path,
    config: {
      trustedNetworks: ['127.0.0.0/8'],
      dns: { servers: [dns.address] },
      shaping: { file: shaping },
      limits: { unverifiedDomainPerDay: null, queuedPerAccount: null, queuedBytesPerAccount: null },
      delivery: { port, allowPrivateNetworks: true },
    },
  });
  closing.push(() => server.kill());
  await server.init();
  await server.start();
  const { status, text } = await server.api('POST', '/v4/domains', { form: { name: 'src.test' } });
  if (status !== 200) throw new Error(`creating the domain: ${text}`);
  await server.stop();
  const spool = { dataDir: server.dataDir, domain: 'src.test', perMessage: 1 };
  await fillSpool({ ...spool, rows: waiting, recipient: (index) => `r${index}@refused.test` });
  // What the start is measured by.
  await fillSpool({ ...spool, rows: 10, recipient: (index) => `r${index}@live.test` });
  console.log(`${waiting} messages put`);
  return { server, count: sink.count };
}

/** From the start of the process until it has delivered, ms. @param {Waiting} prepared */
async function measureStart({ server, count }) {
  const began = performance.now();
  await server.start();
  await waitFor(() => count() > 0, { timeoutMs: 60_000, intervalMs: 1, what: 'the first delivery' });
  return performance.now() - began;
}

/** Messages a second, and the most memory that was held meanwhile, MB. @param {Waiting} prepared */
async function measureRelay({ server, count }) {
  const { pid, smtp } = server.addresses;
  const before = count();
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, residentMb(pid));
  }, 50);
  try {
    const began = performance.now();
    const args = ['-s', '20', '-l', '4096', '-m', String(MESSAGES), '-d', '-f', 'a@src.test', '-t', 'b@live.test', `127.0.0.1:${smtp[0]}`];
    const load = spawn('smtp-source', args, { stdio: ['ignore', 'inherit', 'inherit'] });
    const code = await new Promise((resolve) => load.on('exit', resolve));
    if (code !== 0) throw new Error(`smtp-source ended with ${code}`);
    await waitFor(() => count() - before >= MESSAGES, { timeoutMs: 180_000, intervalMs: 5, what: `${MESSAGES} messages at the sink` });
    return { rate: MESSAGES / ((performance.now() - began) / 1000), peak };
  } finally {
    clearInterval(watch);
  }
}

await runBench(async (closing) => {
  const few = await prepare(FEW, closing);
  const many = await prepare(Number(values.waiting), closing);
  const [startFew, startMany] = [await measureStart(few), await measureStart(many)];
  console.log(
    `start until the first delivery: ${startFew.toFixed(0)} ms beside ${FEW}, ${startMany.toFixed(0)} ms beside ${values.waiting}`,
  );
  const ratios = [];
  let [peakFew, peakMany] = [0, 0];
  for (let round = 0; round <= Number(values.rounds); round++) {
    const [alone, beside] = [await measureRelay(few), await measureRelay(many)];
    [peakFew, peakMany] = [Math.max(peakFew, alone.peak), Math.max(peakMany, beside.peak)];
    // The first round warms up.
    if (round > 0) ratios.push(beside.rate / alone.rate);
    const shown = [alone, beside].map(({ rate, peak }) => `${rate.toFixed(0)} a second, ${peak.toFixed(0)} MB`);
    console.log(`${round === 0 ? 'warm-up' : `round ${round}`}  beside ${FEW}: ${shown[0]}   beside ${values.waiting}: ${shown[1]}`);
  }
  console.log(
    `start ${(startMany / startFew).toFixed(2)} x (bar 3)  relay ${median(ratios).toFixed(2)} x  ` +
      `memory ${peakMany.toFixed(0)} MB (bar 300; beside ${FEW}: ${peakFew.toFixed(0)})`,
  );
});
