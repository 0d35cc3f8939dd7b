/** A domain its owner or operator switched off sends nothing. */
import { forbidden } from '#core';
import type { Step } from '../step.js';

export const checkDomain: Step = (draft) => {
  const { domain } = draft.submission;
  return domain.state === 'disabled' ? forbidden(`Domain ${domain.name} is not allowed to send: the domain is disabled.`) : draft;
};
