/** A message can be scheduled seven days ahead (manual page "Scheduling delivery"). */
import { badRequest, DAY, MINUTE } from '#core';
import { optionName } from '../options/read-option.js';
import type { Step } from '../step.js';

const FURTHEST = 7 * DAY;
/** The client's clock may be ahead of ours. */
const SLACK = 5 * MINUTE;

export const checkSchedule: Step = (draft) => {
  const { deliverAt } = draft.requested;
  if (deliverAt === undefined || deliverAt <= draft.receivedAt + FURTHEST + SLACK) return draft;
  return badRequest(
    `'${optionName(draft.submission.method, 'deliverytime')}' is too far ahead: messages can be scheduled up to 7 days in advance`,
  );
};
