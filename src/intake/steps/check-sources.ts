/** The address or pool a message asks to leave from must be the account's own (manual page "Passing sending options"); no account has one yet. */
import { badRequest } from '#core';
import { optionName } from '../options/read-option.js';
import type { Step } from '../step.js';

export const checkSources: Step = (draft) => {
  const { sendingIp, sendingIpPool } = draft.options;
  const nameOf = (option: string) => optionName(draft.submission.method, option);
  if (sendingIp !== undefined) return badRequest(`'${nameOf('sending-ip')}': IP ${sendingIp} can't be used to send the message`);
  if (sendingIpPool !== undefined) return badRequest(`'${nameOf('sending-ip-pool')}': the account has no IP pool ${sendingIpPool}`);
  return draft;
};
