/** A second DKIM key that is asked for must be one of the account's, and active (manual page "Passing sending options"). */
import { badRequest } from '#core';
import type { Step } from '../step.js';

export const checkSecondaryDkim: Step = async (draft, { directory }) => {
  const { secondaryDkim, secondaryDkimPublic } = draft.options;
  if (secondaryDkim === undefined) {
    return secondaryDkimPublic === undefined ? draft : badRequest("'o:secondary-dkim-public' needs 'o:secondary-dkim'");
  }
  if (await directory.dkimKeys.isActive(draft.submission.account, secondaryDkim)) return draft;
  return badRequest(`'o:secondary-dkim' names no active domain key: ${secondaryDkim.domain},${secondaryDkim.selector}`);
};
