// @ts-check
/**
 * What a dead domain with very many recipients costs its neighbours. A server is started on a spool with messages to a living site, alone, beside as many
 * recipients of the same account at a domain whose mail exchanger refuses connections, and beside as many at a domain that does not exist. The rate is that of
 * the living site's mail at Postfix's smtp-sink, without the start of the server.
 *
 * `node test/bench/dead-neighbour.mjs [--live N] [--dead N] [--rounds N]` after a build.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startFakeDns } from '../support/fake-dns.mjs';
import { fillSpool } from '../support/fill-spool.mjs';
import { freePorts } from '../support/free-port.mjs';
import { makeMailwagon } from '../support/mailwagon-process.mjs';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { startSmtpSink } from './support/smtp-sink.mjs';

const { values } = parseArgs({
  options: {
    live: { type: 'string', default: '10000' },
    dead: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
  },
});
const LIVE = Number(values.live);
const DEAD = Number(values.dead);
const TEXT = 'The quick brown fox jumps over the lazy dog.\r\n'.repeat(85);
/** Without the limits for hosts that nobody knows, which would be all that is measured. */
const NO_LIMITS = 'default: { connections: 20, messageRate: 100000/s, connectionRate: 100000/s }\n';
/** Name and domain of the dead neighbour. @type {Record<string, string | undefined>} */
const NEIGHBOURS = { alone: undefined, refused: 'refused.test', nowhere: 'nowhere.test' };

const [port = 0] = await freePorts(1);
const dns = await startFakeDns({
  'live.test': { MX: [{ preference: 10, exchange: 'mx.live.test' }] },
  'mx.live.test': { A: ['127.0.0.1'] },
  'refused.test': { MX: [{ preference: 10, exchange: 'mx.refused.test' }] },
  // Nobody listens there.
  'mx.refused.test': { A: ['127.0.0.99'] },
});
const sink = await startSmtpSink(port);

/** Messages of the living site a second. @param {string | undefined} neighbour */
async function measure(neighbour) {
  const folder = tempDir('mailwagon-bench-');
  const shaping = join(folder.path, 'shaping.yaml');
  writeFileSync(shaping, NO_LIMITS);
  const server = makeMailwagon({
    folder: folder.path,
    config: {
      dns: { servers: [dns.address] },
      shaping: { file: shaping },
      limits: { unverifiedDomainPerDay: null },
      delivery: { port, allowPrivateNetworks: true },
    },
  });
  try {
    await server.init();
    await server.start();
    const { status, text } = await server.api('POST', '/v4/domains', { form: { name: 'src.test' } });
    if (status !== 200) throw new Error(`creating the domain: ${text}`);
    await server.stop();
    const spool = { dataDir: server.dataDir, domain: 'src.test', text: TEXT };
    // The dead ones first: they have been due for longer.
    if (neighbour !== undefined) await fillSpool({ ...spool, rows: DEAD, recipient: (index) => `r${index}@${neighbour}` });
    await fillSpool({ ...spool, rows: LIVE, recipient: (index) => `r${index}@live.test` });
    const before = sink.count();
    const reached = (/** @type {number} */ count) => () => sink.count() - before >= count;
    await server.start();
    await waitFor(reached(LIVE / 50), { timeoutMs: 60_000, intervalMs: 2, what: 'the first messages' });
    const [began, first] = [performance.now(), sink.count()];
    await waitFor(reached(LIVE), { timeoutMs: 120_000, intervalMs: 5, what: 'all messages of the living site' });
    return (sink.count() - first) / ((performance.now() - began) / 1000);
  } finally {
    await server.kill();
    folder.cleanup();
  }
}

/** @param {number[]} list */
const median = (list) => [...list].sort((one, other) => one - other)[Math.floor(list.length / 2)] ?? 0;

try {
  /** @type {Record<string, number[]>} */
  const rates = { alone: [], refused: [], nowhere: [] };
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const [name, neighbour] of Object.entries(NEIGHBOURS)) {
      const rate = await measure(neighbour);
      rates[name]?.push(rate);
      console.log(`round ${round}  ${name.padEnd(8)} ${rate.toFixed(0)} a second`);
    }
  }
  const ratio = (/** @type {string} */ name) => median((rates[name] ?? []).map((rate, round) => rate / (rates.alone?.[round] ?? rate)));
  console.log(`${DEAD} recipients that are refused a connection: ${ratio('refused').toFixed(2)} x the rate without them (bar: about 1)`);
  console.log(`${DEAD} recipients at a domain that does not exist: ${ratio('nowhere').toFixed(2)} x`);
} finally {
  await sink.stop();
  await dns.close();
}
