/** Whatever happens to a batch, nobody's stored message holds anything of another recipient. Seeded histories over a real store. */

import { expect, it } from 'vitest';
import { type Address, type Message, makeStorageKey, Refusal, recipientStorageKey } from '#core';
import { type KeptMessage, makeStoredMessages } from '#messages';
import { makeWorkers } from '#workers';
import { makeDomain, makeMessage, makeRandom, openTestStores } from '../../store/support/store.ts';

const NAMES = ['ann', 'bob', 'cy', 'dee', 'eve'];
const DOMAIN = { ...makeDomain(1, 'sender.example'), id: 1 };
const HEAD = 'From: from@sender.example\r\nTo: %recipient%\r\nSubject: %recipient.s%\r\nX-Own: %recipient.s% %recipient.missing%\r\n';
const secretOf = (name: string) => `secret-of-${name}`;

async function textOf({ head, facts, openBody }: KeptMessage): Promise<string> {
  const pieces: Uint8Array[] = [head];
  for await (const piece of openBody()) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8') + JSON.stringify(facts);
}

/** `%recipient.a%` of one may hold what is a placeholder for another. */
const variablesOf = (name: string) => ({ s: secretOf(name), a: '%recipient.s% %recipient_email%' });

it.each(Array.from({ length: 12 }, (_, seed) => seed))('each sees their own values and nobody else’s (history %i)', async (seed) => {
  const stores = await openTestStores();
  try {
    const random = makeRandom(seed * 7919 + 1);
    const { spool } = stores;
    const openBody = (body: Message['body']) => stores.spool.openBody(body);
    const deps = { stored: (...args: Parameters<typeof spool.stored>) => stores.spool.stored(...args), openBody };
    const stored = makeStoredMessages({
      spool: { ...deps, removeStored: (name) => stores.spool.removeStored(name) },
      clock: { now: () => 50, monotonic: () => 0 },
      workers: makeWorkers(),
      maxKept: seed % 2 === 0 ? 0 : 100_000,
    });
    const key = makeStorageKey(1000);
    const body = { kind: 'inline' as const, bytes: Buffer.from('Hello %recipient.s% %recipient.a% %recipient_name%\r\n') };
    const message = makeMessage(1000, { merge: {}, head: Buffer.from(HEAD), body });
    message.facts = { ...message.facts, storageKey: key, userVariables: { v: '%recipient.s%' } };
    const open = await stores.spool.put({
      message,
      deliveries: NAMES.map((name, index) => ({
        ...{ id: 1001 + index, recipient: `${name}@x.example` as Address, destinationName: 'x.example', priority: 0 as const, due: 10 },
        ...{ recipientName: `Name ${name}`, recipientVariables: variablesOf(name) },
      })),
      events: [],
    });
    const deleted = new Set<number>();
    const ended = new Set<number>();

    for (let step = 0; step < 40; step++) {
      const index = random(NAMES.length);
      const name = NAMES[index] ?? '';
      const mine = recipientStorageKey(key, 1001 + index);
      const act = random(10);
      const row = open[index];
      if (act === 0) {
        const removal = stored.remove(DOMAIN, mine);
        await (deleted.has(index) ? expect(removal).rejects.toThrow(Refusal) : removal);
        deleted.add(index);
      } else if (act === 1) await stores.reopen();
      else if (act < 4 && row !== undefined && !ended.has(index)) {
        const [found] = await stores.settle([{ kind: 'done', key: row, message: 1000, at: 40, events: [] }]);
        expect(found).toBe(true);
        ended.add(index);
      } else if (act < 6 && row !== undefined && !ended.has(index)) {
        const due = row.due + 1 + random(5);
        await stores.settle([{ kind: 'defer', key: row, message: 1000, due, attempts: 1, last: undefined, events: [] }]);
        open[index] = { ...row, due };
      } else if (deleted.has(index)) await expect(stored.get(DOMAIN, mine)).rejects.toThrow('Message not found');
      else {
        const kept = await stored.get(DOMAIN, mine);
        expect(kept.facts).toMatchObject({ storageKey: mine, userVariables: { v: secretOf(name) } });
        const text = await textOf(kept);
        expect(text.split(secretOf(name))).toHaveLength(5);
        expect(text).toContain(`To: Name ${name} <${name}@x.example>\r\n`);
        expect(text).toContain(`%recipient.missing%\r\n`);
        for (const other of NAMES.filter((one) => one !== name))
          expect(text).not.toMatch(new RegExp(`secret-of-${other}|${other}@|Name ${other}`));
      }
      await expect(stored.get(DOMAIN, key)).rejects.toThrow('Message not found');
    }
  } finally {
    await stores.cleanup();
  }
});
