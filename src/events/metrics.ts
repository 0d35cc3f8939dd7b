/** Numbers about what happens to mail: attempts are counted where their events are made, so that none is missed. */
import { type Clock, type Outcome, SECOND } from '#core';
import type { Registry } from '#metrics';
import type { TranscriptLog } from './log/transcript-log.js';
import type { Recorder } from './record/record.js';

/** Seconds. */
const SESSION_BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];
const DELIVERY_BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900, 3600, 14_400, 86_400];

/** Wraps the recorder to count attempts: each attempt that ends makes exactly one event. */
export function countAttempts(registry: Registry, clock: Clock, recorder: Recorder): Recorder {
  const delivered = registry.counter({ name: 'mailwagon_delivered_total', help: 'Recipients whose server took the message.' });
  const ended = { labels: ['reason', 'stage'] };
  const deferred = registry.counters({
    name: 'mailwagon_deferred_total',
    help: 'Attempts that will be repeated, by reason and by how far they came.',
    ...ended,
  });
  const bounced = registry.counters({ name: 'mailwagon_bounced_total', help: 'Recipients given up, by reason and stage.', ...ended });
  const latency = registry.histogram({
    name: 'mailwagon_delivery_seconds',
    help: 'From when it was due to delivery, of delivered recipients; of those deferred before, from their first attempt.',
    bounds: DELIVERY_BOUNDS,
  });
  const session = registry.histogram({
    name: 'mailwagon_attempt_seconds',
    help: 'From the first connection of an attempt to its end, whatever came of it.',
    bounds: SESSION_BOUNDS,
  });
  const reasonOf = ({ reason, reply }: Exclude<Outcome, { kind: 'delivered' | 'released' }>) => (reply.code === 604 ? 'cancelled' : reason);
  return {
    accepted: recorder.accepted,
    rejected: recorder.rejected,
    delivered(fields) {
      const event = recorder.delivered(fields);
      delivered.add();
      latency.observe(Math.max(0, clock.now() - dueSince(fields)) / SECOND);
      session.observe(fields.outcome.sessionMs / SECOND);
      return event;
    },
    failed(fields) {
      const event = recorder.failed(fields);
      const { outcome, severity } = fields;
      (severity === 'temporary' ? deferred : bounced).with(reasonOf(outcome), outcome.stage).add();
      if (outcome.stage !== 'local') session.observe(outcome.sessionMs / SECOND);
      return event;
    },
  };
}

/** A deferred delivery has another due time than it had at first. */
const dueSince = ({ delivery, firstAttemptAt }: Parameters<Recorder['delivered']>[0]): number =>
  delivery.attempts === 0 ? delivery.due : firstAttemptAt;

export function addEventMetrics(registry: Registry, transcripts: Pick<TranscriptLog, 'dropped'>): void {
  const dropped = registry.counters({
    name: 'mailwagon_conversations_dropped_total',
    help: 'SMTP conversations that could not be kept.',
    labels: [],
  });
  registry.collect('events', [dropped], () => dropped.replace([{ labels: [], value: transcripts.dropped() }]));
}
