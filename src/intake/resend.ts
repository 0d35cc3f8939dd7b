/** Sends a stored message again. */
import type { Address } from '#core';
import { parseHead } from '#mail';
import type { StoredMessages } from '#messages';
import type { DomainRecord } from '#store';
import type { Accepted, Intake, Once } from './draft/submission.js';

export interface ResendRequest {
  domain: DomainRecord;
  key: string;
  /** At least one. */
  recipients: Address[];
  remoteAddress: string;
  apiKeyId: string;
  once?: Once | undefined;
}

/**
 * Sends the stored bytes with their options to other recipients, through all the checks of new mail; a time to send at is not kept. Refusal 404 when
 * there is no such message.
 */
export type Resend = (request: ResendRequest) => Promise<Accepted>;

const VARIABLES_FIELD = 'x-mailgun-variables';

export function makeResend({ stored, intake }: { stored: Pick<StoredMessages, 'get'>; intake: Pick<Intake, 'accept'> }): Resend {
  return async ({ domain, key, recipients, remoteAddress, apiKeyId, once }) => {
    const message = await stored.get(domain, key);
    const { tags, userVariables, attachments, template: filledBy } = message.facts;
    const fields = parseHead(message.head);
    // Variables that its recipients were not shown are not shown to others either.
    const isShown = fields.some((field) => field.lowerName === VARIABLES_FIELD);
    const options = isShown ? message.options : { ...message.options, suppressHeaders: [VARIABLES_FIELD] };
    return intake.accept({
      ...{ account: domain.account, domain, sender: message.sender, recipients, remoteAddress, apiKeyId },
      ...{ method: 'http', protocol: 'HTTP', isAuthenticated: true },
      content: { fields, body: message.openBody() },
      ...{ options, tags, userVariables, attachments, filledBy, once },
    });
  };
}
