/** A second DKIM key that is asked for must be one of the account's, and active (manual page "Passing sending options"). */
import { badRequest } from '#core';
import type { IntakeStep } from '../draft/step.js';
import { optionName } from '../options/read-option.js';

export const checkSecondaryDkim: IntakeStep = async (draft, { directory }) => {
  const { secondaryDkim, secondaryDkimPublic } = draft.options;
  const nameOf = (option: string) => optionName(draft.submission.method, option);
  if (secondaryDkim === undefined) {
    return secondaryDkimPublic === undefined
      ? draft
      : badRequest(`'${nameOf('secondary-dkim-public')}' needs '${nameOf('secondary-dkim')}'`);
  }
  if (await directory.dkimKeys.isActive(draft.submission.account, secondaryDkim)) return draft;
  return badRequest(`'${nameOf('secondary-dkim')}' names no active domain key: ${secondaryDkim.domain},${secondaryDkim.selector}`);
};
