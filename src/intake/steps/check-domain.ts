/** Which domain may send, and how much. */
import { DAY, forbidden, Refusal, rfc2822Date } from '#core';
import type { DomainRecord } from '#store';
import type { IntakeStep } from '../draft/step.js';

/** A domain that its owner or operator switched off sends nothing. */
export const checkDomain: IntakeStep = (draft) => {
  const { domain } = draft.submission;
  return domain.state === 'disabled' ? forbidden(`Domain ${domain.name} is not allowed to send: the domain is disabled.`) : draft;
};

/** A domain that has not shown its DNS records (or is the sandbox) sends only so much a day. */
export const checkDailyLimit: IntakeStep = async (draft, { usage }) => {
  const { domain, account, recipients } = draft.submission;
  if (domain.state === 'active' && domain.type === 'custom') return draft;
  const usageDay = new Date(draft.receivedAt).toISOString().slice(0, 10);
  if (await usage.reserve(account, domain.name, usageDay, recipients.length)) return { ...draft, usageDay };
  const tomorrow = rfc2822Date((Math.floor(draft.receivedAt / DAY) + 1) * DAY, 'UTC');
  return new Refusal({
    smtpCode: 450,
    enhancedCode: '4.7.1',
    httpStatus: 429,
    // The beginning is Mailgun's.
    text: `Domain ${domain.name} is not allowed to send: recipient limit exceeded, try again after ${tomorrow}; ${liftedBy(domain)}`,
  });
};

/** What ends the limit. */
const liftedBy = ({ type }: Pick<DomainRecord, 'type'>): string =>
  type === 'sandbox'
    ? 'a verified domain of your own has no such limit'
    : 'verifying the domain (its SPF and DKIM records in DNS) lifts this limit';
