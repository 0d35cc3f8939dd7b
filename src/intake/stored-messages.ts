/**
 * What was accepted, for its owner: read again, sent again, deleted. What is not there (any more), or is another account's, is answered alike:
 * Refusal 404 with Mailgun's text.
 */
import { type Address, type Clock, type ContentTraits, type Message, type MessageFacts, type MessageRecipient, notFound } from '#core';
import { makeRecipientFacts } from '#events';
import { parseHead } from '#mail';
import type { DomainRecord, SpoolStore } from '#store';
import type { Accepted, Intake, Once } from './submission.js';

/** A message as it was taken in, or as this recipient of a batch is sent it: without what is added on the way out. */
export interface KeptMessage extends Pick<Message, 'sender' | 'head' | 'traits' | 'options'> {
  /** `storageKey` is the key it was asked for by. */
  facts: MessageFacts;
  /** The body in wire form, from its beginning. Throws StoreError when it has gone since. */
  openBody(): AsyncIterable<Uint8Array>;
}

export interface StoredMessages {
  /** For as long as the domain keeps its messages. Refusal 400 when no message could be made for this recipient of a batch. */
  get(domain: DomainRecord, key: string): Promise<KeptMessage>;
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
  /** Makes the message of one recipient of a batch, as delivery does. Rejects with Refusal 400 when that cannot be done. */
  mergeMessage: (message: Message, to: MessageRecipient) => Promise<MadeMessage>;
}

/** `open` gives the same bytes each time. */
interface MadeMessage extends ContentTraits {
  head: Uint8Array;
  body: { kind: 'inline'; bytes: Uint8Array } | { kind: 'stream'; open: () => AsyncIterable<Uint8Array> };
}

const VARIABLES_FIELD = 'x-mailgun-variables';

const nameOf = (domain: DomainRecord, key: string) => ({ account: domain.account, domain: domain.name, key });

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export function makeStoredMessages({ spool, intake, clock, mergeMessage }: StoredMessagesDeps): StoredMessages {
  const factsOf = makeRecipientFacts();

  async function get(domain: DomainRecord, key: string): Promise<KeptMessage> {
    const message = await spool.stored(nameOf(domain, key), clock.now());
    if (message === undefined) throw notFound('Message not found');
    const { to, sender, head, body, traits, options, facts } = message;
    if (to === undefined) return { sender, head, traits, options, facts, openBody: () => spool.openBody(body) };
    const made = await mergeMessage(message, to);
    const { eightBitHead, eightBitBody, longLines, body: theirs } = made;
    return {
      ...{ sender, head: made.head, traits: { eightBitHead, eightBitBody, longLines }, options, facts: factsOf(message, to) },
      openBody: () => (theirs.kind === 'inline' ? inOnePiece(theirs.bytes) : theirs.open()),
    };
  }

  return {
    get,
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
        content: { fields, body: message.openBody() },
        ...{ options, tags, userVariables, attachments, filledBy, once },
      });
    },
    async remove(domain, key) {
      if (!(await spool.removeStored(nameOf(domain, key)))) throw notFound('Message not found');
    },
  };
}
