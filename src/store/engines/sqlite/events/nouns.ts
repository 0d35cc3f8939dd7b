/** What events.db holds: a line for each noun, and for the operations that concern several nouns. */
import { boundedBy, KEPT_MS, keptUntil } from '../../../retention.js';
import type { Nouns } from '../database/nouns.js';
import { type EventMemory, makeEventAppend, makeEventLookups } from './append.js';
import { httpCallRows } from './http-call-rows.js';
import { makeEventNumbers, makeEventQuery } from './query.js';
import { makeEventSweep } from './sweep.js';
import { transcriptRows } from './transcript-rows.js';

export const EVENT_NOUNS = {
  events: {
    tables: {
      event: { kind: 'period', ms: KEPT_MS.event, from: 'the time of the event' },
      stream: keptUntil('it has no event'),
      reader: boundedBy('the number of readers'),
    },
    lookups: makeEventLookups,
    writes: makeEventAppend,
    lists: makeEventQuery,
  },
  numbers: { lists: makeEventNumbers },
  sweep: { writes: makeEventSweep },
  transcriptRows,
  httpCallRows,
} satisfies Nouns<EventMemory>;
