/** Puts into the log, once per account, what a message asks for that has no effect yet. */
import { idleOptions } from '../options/idle-options.js';
import type { Step } from '../step.js';

export const noteIdle: Step = (draft, context) => {
  const { account, domain, method } = draft.submission;
  context.noteIdle(account, domain.name, idleOptions(method, draft.requested));
  return draft;
};
