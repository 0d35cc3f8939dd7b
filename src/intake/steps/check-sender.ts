/** Nobody sends as somebody else's domain: every address of From and Sender at a domain hosted here must be the account's own. */
import { domainOf, Refusal } from '#core';
import { parseAddressList } from '#mail';
import type { Step } from '../step.js';

export const checkSender: Step = async (draft, { directory }) => {
  const { account, sender } = draft.submission;
  const claims = draft.head.filter((field) => field.lowerName === 'from' || field.lowerName === 'sender');
  if (claims.filter((field) => field.lowerName === 'from').length > 1) return refuse(400, '5.6.0', 'Message has more than one From header');

  const addresses = new Set(sender === '' ? [] : [sender]);
  for (const field of claims) {
    const mailboxes = parseAddressList(field.value);
    if (mailboxes === undefined || mailboxes.length === 0) return refuse(400, '5.6.0', `${field.name} header is not a valid address`);
    for (const { address } of mailboxes) addresses.add(address);
  }
  for (const address of addresses) {
    const hosted = await directory.domains.find(domainOf(address));
    if (hosted !== undefined && hosted.account !== account) return refuse(403, '5.7.1', `Not allowed to send as ${address}`);
  }
  return draft;
};

const refuse = (httpStatus: number, enhancedCode: string, text: string) => new Refusal({ smtpCode: 550, enhancedCode, httpStatus, text });
