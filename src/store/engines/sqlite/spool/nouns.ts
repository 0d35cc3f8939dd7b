/** What spool.db holds: a line for each noun, and for the operations that concern several nouns. */
import { boundedBy, KEPT_MS, keptUntil } from '../../../retention.js';
import type { Nouns } from '../database/nouns.js';
import { holdRows } from './hold-rows.js';
import { idempotencyRows } from './idempotency-rows.js';
import { makeQueueStatistics, makeSpoolInspect } from './inspect.js';
import { leaseRows } from './lease-rows.js';
import { makeSpoolList } from './list.js';
import type { SpoolMemory } from './memory.js';
import { outboxRows } from './outbox-rows.js';
import { makeSpoolPut } from './put.js';
import { makeIdRaise, makeSpoolReads } from './reads.js';
import { restrictionRows } from './restriction-rows.js';
import { makeSpoolSettle } from './settle.js';
import { storedMessageRows } from './stored-messages.js';
import { makeSpoolSweep } from './sweep.js';
import { makeSpoolTake } from './take.js';
import { warmupRows } from './warmup-rows.js';

export const SPOOL_NOUNS = {
  messages: {
    tables: {
      message: keptUntil('the message_ttl of its domain has passed since its last delivery ended, or its owner deletes it'),
      message_content: keptUntil('its message goes'),
    },
    lookups: makeSpoolReads,
    writes: makeSpoolPut,
  },
  deliveries: {
    tables: { queue: keptUntil('the delivery is settled'), destination: keptUntil('no delivery to it is open') },
    lookups: makeSpoolTake,
    writes: makeSpoolSettle,
    lists: makeSpoolList,
  },
  walks: { lists: makeSpoolInspect },
  statistics: { lists: makeQueueStatistics },
  counts: {
    tables: {
      usage: { kind: 'period', ms: KEPT_MS.usage, from: 'the start of the day it counts' },
      backlog: boundedBy('the number of accounts'),
      id_mark: boundedBy('a single row'),
      identity: boundedBy('a single row'),
    },
    writes: makeIdRaise,
  },
  sweep: { writes: makeSpoolSweep },
  leaseRows,
  storedMessageRows,
  outboxRows,
  holdRows,
  warmupRows,
  restrictionRows,
  idempotencyRows,
} satisfies Nouns<SpoolMemory>;
