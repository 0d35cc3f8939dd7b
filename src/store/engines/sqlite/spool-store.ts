/** SpoolStore over the store threads and the folder of body files. */
import type { SpoolStore } from '../../spool-store.js';
import type { DatabaseCalls } from './calls.js';
import type { BodyFiles } from './spool/body-files.js';
import { NOT_FOUND } from './spool/settle.js';
import { toDelivery, toMessage, toPutRows, toRecipient } from './spool/wire.js';
import { makeSpoolNews } from './spool-news.js';

/**
 * The store threads answer the operations that are not written out here. The others convert their data to rows (`spool/wire.ts`), or work with
 * files.
 */
export async function makeSpoolStore(calls: DatabaseCalls['spool'], bodies: BodyFiles): Promise<SpoolStore> {
  const news = makeSpoolNews(await calls.backlogs());

  return {
    ...calls,
    newBody: bodies.newBody,
    openBody: bodies.openBody,
    async put(entry) {
      const rows = toPutRows(entry);
      const numbers = await news.committing(calls.put(rows));
      const { id: message, account, size } = entry.message;
      if (numbers.length > 0) news.add(account, numbers.length, size);
      return entry.deliveries.map((delivery, index) => ({
        ...delivery,
        variablesSize: rows.deliveries[index]?.variables?.length,
        destination: numbers[index] as number,
        account,
        message,
        attempts: 0,
      }));
    },
    async message(id) {
      const row = await calls.message(id);
      return row && toMessage(row);
    },
    async stored(stored, now) {
      const found = await calls.stored(stored, now);
      return found && { ...toMessage(found.message), to: found.to && toRecipient(found.to) };
    },
    async removeStored(stored) {
      const removed = await news.committing(calls.removeStored(stored));
      if (removed?.bodyFile) await bodies.remove(removed.bodyFile);
      return removed !== undefined;
    },
    async take(flow, after, now, limit) {
      const { rows, destinationName, nextDue } = await calls.take(flow, after, now, limit);
      return { rows: rows.map((row) => toDelivery(row, destinationName)), nextDue };
    },
    async settle(lease, settlements) {
      const results = await news.committing(calls.settle(lease, settlements));
      for (const [index, freed] of results.entries()) {
        const settlement = settlements[index];
        if (freed !== NOT_FOUND && settlement?.kind === 'done') news.add(settlement.key.account, -1, -freed);
      }
      return results.map((freed) => freed !== NOT_FOUND);
    },
    watch: news.watch,
    probe: () => news.committing(calls.probe()),
    async list(filter) {
      const rows = await calls.list(filter);
      return rows.map((row) => ({
        ...toDelivery(row, row.destinationName),
        domain: row.domain,
        sender: row.sender,
        subject: row.subject ?? '',
        messageId: row.messageId ?? '',
        size: row.size,
        acceptedAt: row.acceptedAt,
        expiresAt: row.expiresAt,
      }));
    },
    async expired(now, after, before, limit) {
      const { rows, next } = await calls.expired(now, after, before, limit);
      return { rows: rows.map((row) => toDelivery(row, row.destinationName)), next };
    },
    async dueAfter(times, after, limit) {
      const { rows, next } = await calls.dueAfter(times, after, limit);
      return { rows: rows.map((row) => ({ ...toDelivery(row, row.destinationName), acceptedAt: row.acceptedAt })), next };
    },
    async sweep(now) {
      const { more, bodyFiles } = await calls.sweep(now);
      for (const name of bodyFiles) await bodies.remove(name);
      return more;
    },
  };
}
