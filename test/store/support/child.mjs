// @ts-check
/**
 * Opens stores in a process of its own, so that it can be killed, starved of disk or refused: `node child.mjs ROLE DATADIR`.
 * `hold` waits for a signal; `put` puts messages for ever and prints the id of each as it is acknowledged; `fill` puts
 * messages until the first refusal, which it prints; `sync` prints a mark after each step, for whoever counts its fsyncs. The first line printed is `open`, or `refused` and why.
 */
import { writeSync } from 'node:fs';
import { openStores } from '#store';

const [role, dataDir = ''] = process.argv.slice(2);
/** @param {string} line */
const say = (line) => writeSync(1, `${line}\n`);

/** @type {import('#store').Stores | undefined} */
let stores;
try {
  stores = await openStores({ dataDir, onFatal: (error) => say(`fatal ${error.message}`) });
  say('open');
} catch (error) {
  say(`refused ${/** @type {Error} */ (error).message}`);
  process.exit(1);
}

/** @param {number} id @param {number} size @param {any} body */
const entry = (id, size, body = { kind: 'inline', bytes: new Uint8Array(size) }) => ({
  message: {
    id,
    account: 1,
    domain: 'sender.example',
    sender: /** @type {''} */ (''),
    head: new Uint8Array(),
    body,
    bodyHash: '',
    size,
    traits: { eightBitHead: false, eightBitBody: false, longLines: false },
    options: { dkim: true, testMode: false, requireTls: false, skipVerification: false },
    facts: /** @type {any} */ ({ headers: { subject: '', messageId: '' } }),
    acceptedAt: 1,
    expiresAt: 2,
  },
  deliveries: [
    { id: id + 1, recipient: /** @type {any} */ ('a@b.example'), destinationName: 'b.example', priority: /** @type {0} */ (0), due: 1 },
  ],
  events: [],
});

if (role === 'put') {
  let next = (await stores.spool.largestId()) + 2;
  const { spool } = stores;
  const caller = async () => {
    for (;;) {
      const id = next;
      next += 2;
      if (id % 50 === 0) {
        const writer = spool.newBody();
        await writer.write(Buffer.alloc(200_000, id));
        await spool.put(entry(id, 200_000, await writer.finish()));
      } else await spool.put(entry(id, 2000));
      say(String(id));
    }
  };
  await Promise.all(Array.from({ length: 10 }, caller));
}

if (role === 'fill') {
  const { spool } = stores;
  let id = 2;
  /** @type {any} */
  let refusal;
  for (; !refusal; id += 20) {
    const group = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => spool.put(entry(id + 2 * index, 50_000))));
    group.forEach((result, index) => {
      if (result.status === 'fulfilled') say(`kept ${id + 2 * index}`);
      else refusal = result.reason;
    });
    if (group.some(({ status }) => status === 'rejected')) say(`group ${group.map(({ status }) => status).join(' ')}`);
  }
  say(`refusal ${refusal.name} ${refusal.kind}`);
  const writer = spool.newBody();
  try {
    for (let part = 0; part < 400; part++) await writer.write(new Uint8Array(65_536));
    await writer.finish();
    say('body kept');
  } catch (error) {
    say(`body ${/** @type {any} */ (error).name} ${/** @type {any} */ (error).kind}`);
    await writer.discard();
  }
  say(`reads ${(await spool.message(2))?.size}`);
  await stores.close();
  say('closed');
}

if (role === 'sync') {
  const { spool } = stores;
  const first = (await spool.largestId()) + 2;
  await spool.put(entry(first, 2000));
  say('mark one put');
  await spool.put(entry(first + 2, 2000));
  say('mark another put');
  await spool.message(first);
  await spool.flowHeads(undefined, 10);
  say('mark reads');
  const key = { destination: 99, account: 1, priority: /** @type {0} */ (0), due: 1, id: 1 };
  await spool.settle(await spool.lease(), [{ kind: 'done', key, message: first, at: 1, events: [] }]);
  await spool.trimOutbox(0);
  say('mark writes of nothing');
  await Promise.all(Array.from({ length: 100 }, (_, index) => spool.put(entry(first + 4 + 2 * index, 2000))));
  say('mark 100 puts at once');
  await stores.close();
}
