/** Puts one message with its deliveries, events and usage into the spool: all of it or nothing. */

import type { Connection } from '../database/open-database.js';
import { makeIdempotencyInsert } from './idempotency-rows.js';
import type { SpoolMemory } from './memory.js';
import { makeOutboxInsert } from './outbox-rows.js';
import type { PutRows } from './wire.js';

export function makeSpoolPut(database: Connection, { destinations, tally }: SpoolMemory) {
  const insertMessage = database.prepare(
    `INSERT INTO message (id, account, domain, sender, size, body_hash, body_file, body_size, accepted_at, expires_at,
       open_deliveries, settled_at, traits, options, facts, keep_ms, merge)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertContent = database.prepare('INSERT INTO message_content (message, head, body) VALUES (?, ?, ?)');
  const insertDelivery = database.prepare(
    `INSERT INTO queue (destination, account, priority, due, id, message, recipient, recipient_name, variables)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertOutbox = makeOutboxInsert(database);
  const insertIdempotency = makeIdempotencyInsert(database);
  const charge = database.prepare(
    `INSERT INTO usage (day, account, domain, recipients) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET recipients = recipients + excluded.recipients`,
  );

  return {
    /** The destination number of each delivery, in order. */
    put({ message: row, deliveries, events, usageDay, keepMs, idempotency }: PutRows): number[] {
      if (idempotency !== undefined) insertIdempotency(row.account, row.domain, idempotency);
      const open = deliveries.length;
      // A message without recipients is settled at once. Without this time it would never be removed.
      const settledAt = open === 0 ? row.acceptedAt : null;
      insertMessage.run(
        row.id,
        row.account,
        row.domain,
        row.sender,
        row.size,
        row.bodyHash,
        row.bodyFile,
        row.bodySize,
        row.acceptedAt,
        row.expiresAt,
        open,
        settledAt,
        row.traits,
        row.options,
        row.facts,
        keepMs,
        row.merge,
      );
      insertContent.run(row.id, row.head, row.body);
      tally.noteId(row.id);
      const numbers = deliveries.map(({ id, recipient, destinationName, priority, due, recipientName, variables }) => {
        const destination = destinations.intern(destinationName);
        insertDelivery.run(destination, row.account, priority, due, id, row.id, recipient, recipientName, variables);
        tally.noteId(id);
        return destination;
      });
      insertOutbox(events);
      if (usageDay !== undefined) charge.run(usageDay, row.account, row.domain, open);
      if (open > 0) tally.add(row.account, open, row.size);
      return numbers;
    },
  };
}
