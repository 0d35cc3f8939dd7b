// @ts-check
/**
 * What messages that hang or lose their session cost the others of their smarthost. A server is started on a spool with sound messages for a smarthost,
 * alone, and with as many again among them that hang at DATA or at the dot (half a per cent) or are cut at RCPT or DATA (half a per cent). The rate is that
 * of the sound ones, from the first to the last of them, without the start of the server.
 *
 * `node test/bench/hung-neighbours.mjs [--sound N] [--delay MS] [--rounds N]` after a build. `--delay`: what the smarthost takes for each message.
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
    delay: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
  },
});
const SOUND = Number(values.sound);
const TEXT = 'The quick brown fox jumps over the lazy dog.\r\n'.repeat(85);
/** One of a hundred is no sound one: what becomes of it, by turns. Half of them hang, half are cut. @type {Record<string, readonly string[]>} */
const WORK = {
  alone: [],
  'hang-data': ['hang-data', 'cut-rcpt', 'hang-data', 'cut-data'],
  'hang-dot': ['hang-dot', 'cut-rcpt', 'hang-dot', 'cut-data'],
};

const sinkFile = fileURLToPath(new URL('support/poisoned-sink.mjs', import.meta.url));

/** Sound messages a second. @param {readonly string[]} poison */
async function measure(poison) {
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
  try {
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
    await server.start();
    await waitFor(() => taken >= SOUND / 50, { timeoutMs: 60_000, intervalMs: 2, what: 'the first messages' });
    const [began, first] = [performance.now(), taken];
    await waitFor(() => taken >= sound, { timeoutMs: 600_000, intervalMs: 5, what: 'all sound messages' });
    return (taken - first) / ((performance.now() - began) / 1000);
  } finally {
    await server.kill();
    sink.kill();
    folder.cleanup();
  }
}

/** @param {number[]} list */
const median = (list) => [...list].sort((one, other) => one - other)[Math.floor(list.length / 2)] ?? 0;

/** @type {Record<string, number[]>} */
const rates = {};
for (let round = 1; round <= Number(values.rounds); round++) {
  for (const [name, poison] of Object.entries(WORK)) {
    const rate = await measure(poison);
    rates[name] = [...(rates[name] ?? []), rate];
    console.log(`round ${round}  ${name.padEnd(9)} ${rate.toFixed(0)} a second`);
  }
}
for (const name of Object.keys(WORK).slice(1)) {
  const ratios = (rates[name] ?? []).map((rate, round) => rate / (rates.alone?.[round] ?? rate));
  console.log(`0.5 % ${name}, 0.5 % cut: ${median(ratios).toFixed(2)} x the rate without them (bar: 0.9)`);
}
