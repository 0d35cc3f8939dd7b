/** SpoolStore over the store threads and the folder of body files. */
import type { BodyFiles } from '../body-files.js';
import type { SpoolStore } from '../spool-store.js';
import type { ReaderCalls } from './reader-thread.js';
import { toDelivery, toMessage, toPutRows } from './spool-wire.js';
import type { StoreThread } from './store-thread.js';
import type { WriterCalls } from './writer-thread.js';

export function makeSpoolStore(writer: StoreThread<WriterCalls>, reader: StoreThread<ReaderCalls>, bodies: BodyFiles): SpoolStore {
  return {
    newBody: bodies.newBody,
    openBody: bodies.openBody,
    async put(entry) {
      const numbers = await writer.call('put', toPutRows(entry));
      const { id: message, account } = entry.message;
      return entry.deliveries.map((delivery, index) => ({
        ...delivery,
        destination: numbers[index] as number,
        account,
        message,
        attempts: 0,
      }));
    },
    async message(id) {
      const row = await writer.call('message', id);
      return row && toMessage(row);
    },
    flowHeads: (after, limit) => writer.call('flowHeads', after, limit),
    async take(flow, after, now, limit) {
      const { rows, destinationName, nextDue } = await writer.call('take', flow, after, now, limit);
      return { rows: rows.map((row) => toDelivery(row, destinationName)), nextDue };
    },
    settle: (settlements) => writer.call('settle', settlements),
    usage: (account, domain, day) => writer.call('usage', account, domain, day),
    async list(filter) {
      const rows = await reader.call('listQueue', filter);
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
    outbox: (after, limit) => writer.call('outbox', after, limit),
    trimOutbox: (seq) => writer.call('trimOutbox', seq),
    largestId: () => writer.call('largestId'),
    async sweep(now) {
      const { more, bodyFiles } = await writer.call('sweepSpool', now);
      for (const name of bodyFiles) await bodies.remove(name);
      return more;
    },
  };
}
