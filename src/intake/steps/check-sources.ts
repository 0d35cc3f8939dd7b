/** The address a message asks to leave from must be one of the server's, the pool one of the account's (manual page "Passing sending options"). */
import { badRequest, Refusal } from '#core';
import type { IntakeStep } from '../draft/step.js';
import { optionName } from '../options/read-option.js';

export const checkSources: IntakeStep = async (draft, { directory }) => {
  const { sendingIp, sendingIpPool } = draft.options;
  if (sendingIp === undefined && sendingIpPool === undefined) return draft;
  const { method, account } = draft.submission;
  try {
    await directory.sendingIps.check(account, draft.options);
    return draft;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // Sources speak of parameters; over SMTP they are headers.
    return badRequest(error.publicText.replace(/^o:([\w-]+)/, (_text, name: string) => `'${optionName(method, name)}'`));
  }
};
