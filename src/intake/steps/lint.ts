/** Looks the message over for its sender, when that was asked for (`o:lint`): advice, never a refusal. */
import { idleSettings } from '#directory';
import { lintMessage } from '#mail';
import { idleOptions } from '../options/idle-options.js';
import type { Step } from '../step.js';

export const lint: Step = async (draft, { spool }) => {
  if (draft.requested.lint !== true) return draft;
  const { domain, recipients, method } = draft.submission;
  const { dkim, secondaryDkim, secondaryDkimPublic } = draft.options;
  const second = secondaryDkimPublic ?? secondaryDkim;
  const signingDomains = dkim ? [domain.name, ...(second === undefined ? [] : [second.domain])] : [];
  const context = {
    signingDomains,
    isBulk: recipients.length > 1,
    idleOptions: idleOptions(method, draft.requested),
    idleSettings: idleSettings(domain),
  };
  return { ...draft, warnings: await lintMessage(draft.head, spool.openBody(draft.body), context) };
};
