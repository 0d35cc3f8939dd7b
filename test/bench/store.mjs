/**
 * How fast the store is on this machine: put, take and settle per second with 1, 20 and 100 callers in flight, 4 kB messages.
 * `node test/bench/store.mjs [--seconds N] [--size BYTES] [--dir FOLDER]` after a build. Every figure is with synchronous=FULL.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openStores } from '#store';
import { spoolMessage } from '../support/spool-message.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    size: { type: 'string', default: '4096' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const runMs = Number(values.seconds) * 1000;
const DESTINATIONS = 50;
const head = randomBytes(Math.min(600, Number(values.size)));
const body = new Uint8Array(randomBytes(Math.max(0, Number(values.size) - head.byteLength)));

const dataDir = mkdtempSync(join(values.dir, 'mailwagon-bench-'));
const stores = await openStores({
  dataDir,
  onFatal: (error) => {
    throw error;
  },
});
const lease = await stores.spool.lease();
let nextId = 1;
let open = [];

function eventFor(name, recipient) {
  const id = randomBytes(16).toString('base64url');
  const event = {
    id,
    account: 1,
    domain: 'bench.example',
    at: nextId,
    event: name,
    recipient,
    messageId: `${nextId}@bench.example`,
    severity: '',
  };
  return { ...event, body: JSON.stringify({ ...event, filler: 'x'.repeat(500) }) };
}

async function putOne() {
  const id = nextId;
  nextId += 2;
  const destinationName = `destination${id % DESTINATIONS}.example`;
  const recipient = `somebody@${destinationName}`;
  const message = spoolMessage({
    ...{ id, account: 1, domain: 'bench.example', sender: 'sender@bench.example', subject: 'Bench' },
    ...{ head, body, acceptedAt: id, expiresAt: id + 1 },
  });
  const deliveries = [{ id: id + 1, recipient, destinationName, priority: 0, due: id }];
  open.push(...(await stores.spool.put({ message, deliveries, events: [eventFor('accepted', recipient)] })));
}

async function settleOne() {
  const delivery = open.pop();
  if (!delivery) return false;
  const { message, recipient, destination, account, priority, due, id } = delivery;
  const [found] = await stores.spool.settle(lease, [
    { kind: 'done', key: { destination, account, priority, due, id }, message, at: 1, events: [eventFor('delivered', recipient)] },
  ]);
  if (!found) throw new Error('a settled delivery was not there');
  return true;
}

async function takeOne() {
  const flow = open[Math.floor(Math.random() * open.length)];
  const { rows } = await stores.spool.take(flow, { due: 0, id: 0 }, Number.MAX_SAFE_INTEGER, 16);
  if (rows.length === 0) throw new Error('a flow with open deliveries gave nothing');
}

/** Calls per second with `inFlight` callers, each starting its next call when its last one has resolved. */
async function rate(inFlight, call) {
  const start = performance.now();
  let done = 0;
  const caller = async () => {
    while (performance.now() - start < runMs && (await call()) !== false) done++;
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return Math.round((done * 1000) / (performance.now() - start));
}

for (const inFlight of [1, 20, 100]) {
  const put = await rate(inFlight, putOne);
  const take = await rate(inFlight, takeOne);
  const settle = await rate(inFlight, settleOne);
  console.log(`${String(inFlight).padStart(3)} in flight: ${put} put/s, ${take} take/s, ${settle} settle/s`);
  open = [];
}
await stores.close();
rmSync(dataDir, { recursive: true });
