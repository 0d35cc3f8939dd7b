/** Looks the message over for its sender, when that was asked for (`o:lint`): advice, never a refusal. */
import { lintMessage } from '#mail';
import type { Step } from '../step.js';

export const lint: Step = async (draft, { spool }) => {
  if (draft.requested.lint !== true) return draft;
  const { domain, recipients } = draft.submission;
  const { dkim, secondaryDkim, secondaryDkimPublic } = draft.options;
  const second = secondaryDkimPublic ?? secondaryDkim;
  const signingDomains = dkim ? [domain.name, ...(second === undefined ? [] : [second.domain])] : [];
  const isBulk = recipients.length > 1;
  return { ...draft, warnings: await lintMessage(draft.head, spool.openBody(draft.body), { signingDomains, isBulk }) };
};
