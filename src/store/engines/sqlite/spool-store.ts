/** SpoolStore over the store threads and the folder of body files. */
import { StoreError } from '#core';
import type { SpoolStore } from '../../spool-store.js';
import { makeBacklogMirror } from './backlog-mirror.js';
import type { BodyFiles } from './spool/body-files.js';
import { NOT_FOUND } from './spool/settle.js';
import { toDelivery, toMessage, toPutRows, toRecipient } from './spool/wire.js';
import type { ReaderCalls } from './threads/reader-thread.js';
import type { StoreThread } from './threads/store-thread.js';
import type { WriterCalls } from './threads/writer-thread.js';

export async function makeSpoolStore(
  writer: StoreThread<WriterCalls>,
  reader: StoreThread<ReaderCalls>,
  bodies: BodyFiles,
): Promise<SpoolStore> {
  const backlog = makeBacklogMirror(await writer.call('backlog'));
  let health: ReturnType<SpoolStore['health']> = 'ok';
  /** Every commit of mail passes here, so that its failure is known beyond the one who asked. */
  async function watched<T>(commit: Promise<T>): Promise<T> {
    try {
      const value = await commit;
      health = 'ok';
      return value;
    } catch (error) {
      if (error instanceof StoreError && (error.kind === 'full' || error.kind === 'failed')) health = error.kind;
      throw error;
    }
  }

  return {
    newBody: bodies.newBody,
    openBody: bodies.openBody,
    async put(entry) {
      const rows = toPutRows(entry);
      const numbers = await watched(writer.call('put', rows));
      const { id: message, account, size } = entry.message;
      if (numbers.length > 0) backlog.add(account, numbers.length, size);
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
      const row = await writer.call('message', id);
      return row && toMessage(row);
    },
    async stored(stored, now) {
      const found = await reader.call('stored', stored, now);
      return found && { ...toMessage(found.message), to: found.to && toRecipient(found.to) };
    },
    async removeStored(stored) {
      const removed = await watched(writer.call('removeStored', stored));
      if (removed?.bodyFile) await bodies.remove(removed.bodyFile);
      return removed !== undefined;
    },
    givenAnswer: (account, domain, key, now) => writer.call('givenAnswer', account, domain, key, now),
    flowHeads: (after, limit) => writer.call('flowHeads', after, limit),
    async take(flow, after, now, limit) {
      const { rows, destinationName, nextDue } = await writer.call('take', flow, after, now, limit);
      return { rows: rows.map((row) => toDelivery(row, destinationName)), nextDue };
    },
    async settle(settlements) {
      const results = await watched(writer.call('settle', settlements));
      for (const [index, freed] of results.entries()) {
        const settlement = settlements[index];
        if (freed !== NOT_FOUND && settlement?.kind === 'done') backlog.add(settlement.key.account, -1, -freed);
      }
      return results.map((freed) => freed !== NOT_FOUND);
    },
    backlog: backlog.of,
    health: () => health,
    probe: () => watched(writer.call('probe')),
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
    census: (top) => reader.call('census', top),
    async expired(now, after, before, limit) {
      const { rows, next } = await reader.call('expired', now, after, before, limit);
      return { rows: rows.map((row) => toDelivery(row, row.destinationName)), next };
    },
    async dueAfter(times, after, limit) {
      const { rows, next } = await reader.call('dueAfter', times, after, limit);
      return { rows: rows.map((row) => ({ ...toDelivery(row, row.destinationName), acceptedAt: row.acceptedAt })), next };
    },
    countAhead: (key, limit) => reader.call('countAhead', key, limit),
    holds: () => writer.call('holds'),
    warmups: () => writer.call('warmups'),
    saveWarmup: (warmup) => writer.call('saveWarmup', warmup),
    deleteWarmup: (source) => writer.call('deleteWarmup', source),
    restrictions: (now, limit) => writer.call('restrictions', now, limit),
    saveRestriction: (restriction) => writer.call('saveRestriction', restriction),
    putHold: (hold) => writer.call('putHold', hold),
    removeHolds: (ids) => writer.call('removeHolds', ids),
    putEvents: (events) => writer.call('putEvents', events),
    outbox: (after, limit) => writer.call('outbox', after, limit),
    outboxExtent: () => writer.call('outboxExtent'),
    trimOutbox: (seq) => writer.call('trimOutbox', seq),
    largestId: () => writer.call('largestId'),
    async sweep(now) {
      const { more, bodyFiles } = await writer.call('sweepSpool', now);
      for (const name of bodyFiles) await bodies.remove(name);
      return more;
    },
  };
}
