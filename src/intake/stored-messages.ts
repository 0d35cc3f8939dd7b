/**
 * What was accepted, for its owner: read again, sent again, deleted. What is not there (any more), or is another account's, is answered alike:
 * Refusal 404 with Mailgun's text.
 */
import { type Address, type Clock, type Message, notFound } from '#core';
import { parseHead } from '#mail';
import type { DomainRecord, SpoolStore } from '#store';
import { NO_VARIABLES } from './batch/recipient-variables.js';
import type { Accepted, Intake, Once } from './submission.js';

export interface StoredMessages {
  /** For as long as the domain keeps its messages. */
  get(domain: DomainRecord, key: string): Promise<Message>;
  /** The body of a message that get() gave, in wire form, from its beginning. Throws StoreError when it has gone since. */
  openBody(message: Message): AsyncIterable<Uint8Array>;
  /** Sends the same bytes with the same options to others, through all the checks of new mail; a time to send at is not one of these. */
  resend(request: ResendRequest): Promise<Accepted>;
  /** The bytes go now or, when the message is still being delivered, with its last delivery. */
  remove(domain: DomainRecord, key: string): Promise<void>;
}

export interface ResendRequest {
  domain: DomainRecord;
  key: string;
  /** At least one. */
  recipients: Address[];
  remoteAddress: string;
  apiKeyId: string;
  once?: Once | undefined;
}

export interface StoredMessagesDeps {
  spool: Pick<SpoolStore, 'stored' | 'removeStored' | 'openBody'>;
  intake: Pick<Intake, 'accept'>;
  clock: Clock;
}

const VARIABLES_FIELD = 'x-mailgun-variables';

const nameOf = (domain: DomainRecord, key: string) => ({ account: domain.account, domain: domain.name, key });

/** The messages of a batch are made for their new recipients, too, of whom nothing is known but their addresses. */
const batchOf = ({ merge }: Message) => (merge === undefined ? {} : { merge, recipientVariables: NO_VARIABLES });

export function makeStoredMessages({ spool, intake, clock }: StoredMessagesDeps): StoredMessages {
  async function get(domain: DomainRecord, key: string): Promise<Message> {
    const message = await spool.stored(nameOf(domain, key), clock.now());
    if (message === undefined) throw notFound('Message not found');
    return message;
  }
  const openBody = ({ body }: Message) => spool.openBody(body);

  return {
    get,
    openBody,
    async resend({ domain, key, recipients, remoteAddress, apiKeyId, once }) {
      const message = await get(domain, key);
      const { tags, userVariables, attachments, template: filledBy } = message.facts;
      const fields = parseHead(message.head);
      // Variables that its recipients were not shown are not shown to others either.
      const isShown = fields.some((field) => field.lowerName === VARIABLES_FIELD);
      const options = isShown ? message.options : { ...message.options, suppressHeaders: [VARIABLES_FIELD] };
      return intake.accept({
        ...{ account: domain.account, domain, sender: message.sender, recipients, remoteAddress, apiKeyId },
        ...{ method: 'http', protocol: 'HTTP', isAuthenticated: true },
        content: { fields, body: openBody(message) },
        ...{ options, tags, userVariables, attachments, filledBy, once },
        ...batchOf(message),
      });
    },
    async remove(domain, key) {
      if (!(await spool.removeStored(nameOf(domain, key)))) throw notFound('Message not found');
    },
  };
}
