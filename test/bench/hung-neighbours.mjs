// @ts-check
/**
 * What messages that hang or lose their session cost the others of their smarthost. Two servers relay at the same time, each from a spool of its own to a
 * smarthost of its own: one has sound messages only, the other as many and among them half a per cent that hang at DATA or at the dot, and half a per
 * cent that are cut at RCPT or DATA. The rates are those of the sound ones, from the first to the last of them, without the start of the server.
 *
 * `node test/bench/hung-neighbours.mjs [--sound N] [--delay MS] [--rounds N]` after a build. `--delay`: what a smarthost takes for each message: with the
 * usual 50 the twenty sessions are what bounds the rate, so that each one lost is seen; with 0 it is the processor.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fillSpool } from '../support/fill-spool.mjs';
import { freePorts } from '../support/free-port.mjs';
import { makeMailwagon } from '../support/mailwagon-process.mjs';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';

const { values } = parseArgs({
  options: {
    sound: { type: 'string', default: '5000' },
    delay: { type: 'string', default: '50' },
    rounds: { type: 'string', default: '3' },
  },
});
const SOUND = Number(values.sound);
const TEXT = 'The quick brown fox jumps over the lazy dog.\r\n'.repeat(85);
/** One of a hundred is no sound one: what becomes of it, by turns. Half of them hang, half are cut. @type {Record<string, readonly string[]>} */
const WORK = {
  'hang at DATA': ['hang-data', 'cut-rcpt', 'hang-data', 'cut-data'],
  'hang at the dot': ['hang-dot', 'cut-rcpt', 'hang-dot', 'cut-data'],
};

const sinkFile = fileURLToPath(new URL('support/poisoned-sink.mjs', import.meta.url));

/** A server with its spool full, and its smarthost. @param {readonly string[]} poison */
async function prepare(poison) {
  const folder = tempDir('mailwagon-bench-');
  const [port = 0] = await freePorts(1);
  const sink = fork(sinkFile, [String(port), values.delay]);
  await once(sink, 'message');
  let taken = 0;
  sink.on('message', (count) => {
    taken = Number(count);
  });
  const server = makeMailwagon({
    folder: folder.path,
    config: {
      limits: { unverifiedDomainPerDay: null },
      delivery: { transports: [{ match: '*', host: '127.0.0.1', port, tls: 'none' }] },
    },
  });
  await server.init();
  await server.start();
  const { status, text } = await server.api('POST', '/v4/domains', { form: { name: 'src.test' } });
  if (status !== 200) throw new Error(`creating the domain: ${text}`);
  await server.stop();
  const rows = poison.length === 0 ? SOUND : Math.round((SOUND * 100) / 99);
  let sound = 0;
  const recipient = (/** @type {number} */ index) => {
    const kind = index % 100 === 50 ? poison[Math.floor(index / 100) % poison.length] : undefined;
    if (kind === undefined) sound += 1;
    return `${kind ?? 'sound'}-${index}@dst.test`;
  };
  // A message each: what belongs to a message is told from what belongs to its smarthost.
  await fillSpool({ dataDir: server.dataDir, domain: 'src.test', text: TEXT, rows, perMessage: 1, recipient });

  return {
    /** Gives sound messages a second. */
    async run() {
      await server.start();
      await waitFor(() => taken >= SOUND / 50, { timeoutMs: 60_000, intervalMs: 2, what: 'the first messages' });
      const [began, first] = [performance.now(), taken];
      await waitFor(() => taken >= sound, { timeoutMs: 600_000, intervalMs: 5, what: 'all sound messages' });
      return (taken - first) / ((performance.now() - began) / 1000);
    },
    async stop() {
      await server.kill();
      sink.kill();
      folder.cleanup();
    },
  };
}

/** @param {readonly string[]} poison */
async function measure(poison) {
  const both = [await prepare([]), await prepare(poison)];
  try {
    const [alone = 0, beside = 0] = await Promise.all(both.map(({ run }) => run()));
    return { alone, beside };
  } finally {
    await Promise.all(both.map(({ stop }) => stop()));
  }
}

/** @param {number[]} list */
const median = (list) => [...list].sort((one, other) => one - other)[Math.floor(list.length / 2)] ?? 0;

for (const [name, poison] of Object.entries(WORK)) {
  /** @type {number[]} */
  const ratios = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    const { alone, beside } = await measure(poison);
    ratios.push(beside / alone);
    console.log(
      `round ${round}  0.5 % ${name}, 0.5 % cut: ${beside.toFixed(0)} sound messages a second beside ${alone.toFixed(0)} without them`,
    );
  }
  console.log(`0.5 % ${name}, 0.5 % cut: ${median(ratios).toFixed(2)} x the rate without them (bar: 0.9)`);
}
