// @ts-check
/** Puts many due deliveries straight into the spool of a server that does not run, as an earlier run of it would have left them. */
import { domainOf, makeIdSource, systemClock } from '#core';
import { bodyHashOf } from '#mail';
import { openStores } from '#store';
import { spoolMessage } from './spool-message.mjs';

/** Messages put at a time. */
const TOGETHER = 50;
const LIFETIME = 8 * 3_600_000;
const HEAD = Buffer.from('From: a@src.test\r\nTo: everybody@list.test\r\nSubject: waiting\r\nMIME-Version: 1.0\r\n');

/** @param {import('./fill-spool.d.mts').Filling} filling */
export async function fillSpool({ dataDir, domain, recipient, rows, perMessage = 500, priority = 2, text = 'Hello\r\n' }) {
  const stores = await openStores({
    dataDir,
    onFatal: (error) => {
      throw error;
    },
  });
  try {
    const sender = await stores.directory.domainByName(domain);
    if (sender === undefined) throw new Error(`no domain ${domain}`);
    const ids = makeIdSource(systemClock);
    ids.raiseTo(await stores.spool.largestId());
    const bytes = new Uint8Array(Buffer.from(text));
    const bodyHash = await bodyHashOf([bytes]);
    const now = systemClock.now();
    /** @type {Promise<unknown>[]} */
    const putting = [];
    for (let first = 0; first < rows; first += perMessage) {
      const id = ids.next();
      const to = Array.from({ length: Math.min(perMessage, rows - first) }, (_, index) => recipient(first + index));
      const put = stores.spool.put({
        message: spoolMessage({
          ...{ id, account: sender.account, domain, sender: `a@${domain}`, subject: 'waiting' },
          ...{ head: HEAD, body: bytes, bodyHash, acceptedAt: now, expiresAt: now + LIFETIME },
        }),
        deliveries: to.map((name) => {
          const address = /** @type {import('#core').Address} */ (name);
          return { id: ids.next(), recipient: address, destinationName: domainOf(address), priority, due: now };
        }),
        events: [],
      });
      putting.push(put);
      // Those that wait together share a commit.
      if (putting.length === TOGETHER) await Promise.all(putting.splice(0));
    }
    await Promise.all(putting);
  } finally {
    await stores.close();
  }
}
