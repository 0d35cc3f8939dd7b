/** A message can be scheduled seven days ahead or, where its domain has a `message_ttl` of its own, as far as that (manual page "Passing sending options"). */
import { badRequest, DAY, MINUTE, SECOND } from '#core';
import { DEFAULT_DOMAIN_SETTINGS } from '#directory';
import type { IntakeStep } from '../draft/step.js';
import { optionName } from '../options/read-option.js';

const FURTHEST = 7 * DAY;
/** The client's clock may be ahead of ours. */
const SLACK = 5 * MINUTE;

export const checkSchedule: IntakeStep = (draft) => {
  const { deliverAt } = draft.requested;
  const { messageTtl } = draft.submission.domain;
  const isOwn = messageTtl !== DEFAULT_DOMAIN_SETTINGS.messageTtl;
  if (deliverAt === undefined || deliverAt <= draft.receivedAt + (isOwn ? messageTtl * SECOND : FURTHEST) + SLACK) return draft;
  const name = optionName(draft.submission.method, 'deliverytime');
  const furthest = isOwn ? `${messageTtl} s in advance (the domain's message_ttl)` : '7 days in advance';
  return badRequest(`'${name}' is too far ahead: messages can be scheduled up to ${furthest}`);
};
