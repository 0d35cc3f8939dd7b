// @ts-check
/**
 * Does the queue care how much is in it? `node test/bench/queue-scale.mjs [--rows N] [--dir FOLDER]` after a build. Every figure is the big spool beside
 * a small one of 1,000 rows on the same disk, in alternating runs:
 *
 * - take and settle per second, one flow, 32 lanes
 * - start of the queue until the first delivery is taken
 * - resident memory while taking and settling with the big spool
 * - how long a single message of another account takes from put() to its settlement while all those rows wait at the same site with the same
 *   priority, beside a queue with nothing else to do
 *
 * Rows are put by the store itself, some hundred to a message, spread over flows of one site; bodies are small because none is read in these figures.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { makeIdSource, systemClock } from '#core';
import { makeRecorder } from '#events';
import { makeQueue } from '#queue';
import { openStores } from '#store';
import { spoolMessage } from '../support/spool-message.mjs';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    dir: { type: 'string', default: tmpdir() },
    settles: { type: 'string', default: '10000' },
  },
});
const MANY = Number(values.rows);
const FEW = 1000;
const SETTLES = Number(values.settles);
const PER_MESSAGE = 500;
const LANES = 32;
const SITE = 'mx.bench.example';
const HEAD = Buffer.from('Subject: bench\r\n');
const BODY = new Uint8Array(Buffer.from('Hello\r\n'));
let nextId = 1;

/** @typedef {Awaited<ReturnType<typeof openStores>>} Stores */
/** @typedef {ReturnType<typeof makeQueue>} Queue */

/** @param {number} rows @param {number} account @returns {import('#store').NewMessage} */
function messageFor(rows, account) {
  const now = Date.now();
  const id = nextId++;
  const recipient = /** @type {import('#core').Address} */ ('user@dst.example');
  return {
    message: spoolMessage({
      ...{ id, account, domain: 'src.example', sender: recipient, subject: 'bench' },
      ...{ head: HEAD, body: BODY, acceptedAt: now, expiresAt: now + 8 * 3_600_000 },
    }),
    deliveries: Array.from({ length: rows }, (_, index) => ({
      id: nextId++,
      recipient,
      destinationName: `d${index % 50}.example`,
      priority: /** @type {const} */ (2),
      due: now - 1000,
    })),
    events: [],
  };
}

/** @param {number} rows */
async function makeSpool(rows) {
  const dataDir = mkdtempSync(join(values.dir, 'mailwagon-scale-'));
  await fill(dataDir, rows);
  return dataDir;
}

/** @param {string} dataDir @param {number} rows */
async function fill(dataDir, rows) {
  const stores = await open(dataDir);
  for (let left = rows; left > 0; ) {
    const parts = [];
    for (let part = 0; part < 20 && left > 0; part++) {
      const count = Math.min(PER_MESSAGE, left);
      parts.push(stores.spool.put(messageFor(count, 1)));
      left -= count;
    }
    await Promise.all(parts);
  }
  await stores.close();
}

/** @param {string} dataDir */
const open = (dataDir) =>
  openStores({
    dataDir,
    onFatal: (error) => {
      throw error;
    },
  });

/** @param {Stores} stores @param {() => void} onDue */
function makeBenchQueue(stores, onDue) {
  const queue = makeQueue({
    spool: stores.spool,
    clock: systemClock,
    ids: makeIdSource(systemClock),
    recorder: makeRecorder({ clock: systemClock }),
    logger: pino({ level: 'silent' }),
    accountId: async () => '',
    onEvents: () => undefined,
  });
  queue.listen({
    onDue,
    onUnplaced: (destination) => queue.place(destination, SITE, Number.POSITIVE_INFINITY),
    explain: () => undefined,
    explainTaken: () => undefined,
  });
  return queue;
}

/**
 * A queue with lanes that take, wait for the settlement and go on; rows are deferred to now, so that the spool keeps its size. Rows of account 2 end
 * and are told to `onSingle`.
 * @param {string} dataDir
 */
async function startLanes(dataDir) {
  const stores = await open(dataDir);
  /** @type {(() => void)[]} */
  let sleeping = [];
  const state = { done: 0, others: 0, othersBefore: 0, running: false, onSingle: () => {} };
  const began = performance.now();
  let startMs = 0;
  const wake = () => {
    if (startMs === 0) look();
    if (!state.running) return;
    const all = sleeping;
    sleeping = [];
    for (const one of all) one();
  };
  const queue = makeBenchQueue(stores, wake);
  const look = () => {
    const [row] = queue.take(SITE, 1);
    if (row === undefined) return;
    startMs = performance.now() - began;
    queue.giveBack(row);
  };
  const lane = async () => {
    for (;;) {
      const row = state.running ? queue.take(SITE, 1)[0] : undefined;
      if (row === undefined) {
        await new Promise((resolve) => sleeping.push(() => resolve(undefined)));
        continue;
      }
      state.done++;
      if (row.account === 2) {
        state.othersBefore = state.others;
        await queue.settle(row, { kind: 'done', events: [] });
        state.onSingle();
        continue;
      }
      state.others++;
      const last = { firstAttemptAt: row.due, code: 451, enhancedCode: '', message: '' };
      await queue.settle(row, { kind: 'defer', due: Date.now(), attempts: row.attempts + 1, last, events: [] });
    }
  };
  void Promise.all(Array.from({ length: LANES }, lane));
  await queue.start();
  while (startMs === 0) await new Promise((resolve) => setImmediate(resolve));

  /** @param {boolean} running */
  const run = (running) => {
    state.running = running;
    if (running) wake();
  };
  return {
    startMs,
    /** Rows a second. @param {number} count */
    async measure(count) {
      const until = state.done + count;
      const began = performance.now();
      run(true);
      while (state.done < until) await new Promise((resolve) => setTimeout(resolve, 1));
      const rate = count / ((performance.now() - began) / 1000);
      run(false);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return rate;
    },
    /** From put() to the settlement of single messages of another account, ms; and how many rows of others were taken between commit and turn. @param {number} count */
    async singles(count) {
      const waits = [];
      let behind = 0;
      run(true);
      for (let index = 0; index < count; index++) {
        const message = messageFor(1, 2);
        const [delivery] = message.deliveries;
        if (delivery === undefined) continue;
        const began = performance.now();
        const settled = new Promise((resolve) => {
          state.onSingle = () => resolve(undefined);
        });
        await queue.put({ ...message, deliveries: [{ ...delivery, destinationName: 'd0.example' }] });
        const { others } = state;
        await settled;
        waits.push(performance.now() - began);
        behind = Math.max(behind, state.othersBefore - others);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      run(false);
      waits.sort((one, other) => one - other);
      return { p50: waits[Math.floor(count * 0.5)] ?? 0, p99: waits[Math.floor(count * 0.99)] ?? 0, behind };
    },
    async stop() {
      run(false);
      await new Promise((resolve) => setTimeout(resolve, 50));
      queue.stop();
      await stores.close();
    },
  };
}

const median = (/** @type {number[]} */ list) => [...list].sort((one, other) => one - other)[Math.floor(list.length / 2)] ?? 0;
const folders = [];
try {
  for (const rows of [0, FEW, MANY]) folders.push(await makeSpool(rows));
  const [empty = '', small = '', big = ''] = folders;
  console.log(`filled ${MANY} rows`);

  const starts = [];
  for (let pair = 0; pair < 5; pair++) {
    const [little, large] = [await startLanes(small), await startLanes(big)];
    starts.push(large.startMs / little.startMs);
    console.log(`start ${pair + 1}   ${FEW}: ${little.startMs.toFixed(1)} ms   ${MANY}: ${large.startMs.toFixed(1)} ms`);
    await little.stop();
    await large.stop();
  }

  const [little, large] = [await startLanes(small), await startLanes(big)];
  const rates = [];
  for (let pair = 0; pair < 12; pair++) {
    const [few, many] = [await little.measure(SETTLES), await large.measure(SETTLES)];
    // The first pair warms up.
    if (pair > 0) rates.push(many / few);
    console.log(`take+settle ${pair}   ${FEW}: ${few.toFixed(0)}/s   ${MANY}: ${many.toFixed(0)}/s`);
  }
  await little.stop();
  const busy = await large.singles(400);
  const rss = process.memoryUsage().rss / 2 ** 20;
  await large.stop();
  // An empty spool has nothing that is due: one row makes the start end.
  await fill(empty, 1);
  const idle = await startLanes(empty);
  const alone = await idle.singles(400);
  await idle.stop();
  const show = (/** @type {typeof busy} */ { p50, p99 }) => `p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} ms`;
  console.log(`single    idle: ${show(alone)}   beside ${MANY}: ${show(busy)}, ${busy.behind} rows of others before it (bar 8)`);
  console.log(
    `take+settle ${median(rates).toFixed(2)} x (bar 0.9)  start ${median(starts).toFixed(2)} x (bar 3)  rss ${rss.toFixed(0)} MB (bar 300)  ` +
      `single p99 ${(busy.p99 / alone.p99).toFixed(2)} x (bar 2)`,
  );
} finally {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
