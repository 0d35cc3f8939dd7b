/** What became of deliveries that an operator named; what there is nothing to say of is left out. */
import type { QueueChangeAnswer } from '../contract/queue-answers.js';
import type { DeliveriesChanged } from '../operator/change-deliveries.js';

/** Each site has a reason of its own: nobody reads them all. */
const MAX_REASONS = 20;

export function presentChange({ count, left, unknown, resting }: DeliveriesChanged): QueueChangeAnswer {
  const reasons = [...resting.values()].sort((one, other) => other.count - one.count).slice(0, MAX_REASONS);
  return {
    count,
    ...(left === 0 ? {} : { left }),
    ...(unknown.length === 0 ? {} : { unknown }),
    ...(reasons.length === 0
      ? {}
      : {
          resting: reasons.map(({ reason, until, count: many }) => ({
            count: many,
            reason,
            until: until === undefined ? null : new Date(until).toISOString(),
          })),
        }),
  };
}
