/** Which domain may send, and who may be named as author: every address of From and Sender, and every address in a name, at a domain hosted here must be the account's own. */
import { badRequest, forbidden } from '#core';
import { isAuthorField } from '#mail';
import { refuseAuthors } from '../draft/refuse-authors.js';
import type { IntakeStep } from '../draft/step.js';

/** Of two, some readers see the first and some the last. */
const ONCE = ['from', 'sender'];

/** A domain that its owner or operator switched off sends nothing. */
export const checkDomain: IntakeStep = (draft) => {
  const { domain } = draft.submission;
  return domain.state === 'disabled' ? forbidden(`Domain ${domain.name} is not allowed to send: the domain is disabled.`) : draft;
};

export const checkSender: IntakeStep = async (draft, { directory }) => {
  const { account, sender } = draft.submission;
  const fields = draft.head.filter(isAuthorField);
  for (const once of ONCE) {
    const [, second] = fields.filter(({ lowerName }) => lowerName === once);
    if (second !== undefined) return badRequest(`Message has more than one ${second.name} header`);
  }
  return (await refuseAuthors({ sender, fields }, account, directory)) ?? draft;
};
