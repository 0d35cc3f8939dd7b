/**
 * Lets the owner of an accepted message read it again and delete it. A message that is gone, never was, or is another account's is Refusal 404 with
 * Mailgun's text.
 */
import { type Clock, type Message, type MessageFacts, notFound } from '#core';
import { makeRecipientFacts } from '#events';
import type { DomainRecord, SpoolStore } from '#store';
import { type MergeDeps, makeMergeMessage } from './merge-message.js';

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
  /** The bytes go now or, when the message is still being delivered, with its last delivery. */
  remove(domain: DomainRecord, key: string): Promise<void>;
}

export interface StoredMessagesDeps {
  spool: Pick<SpoolStore, 'stored' | 'removeStored' | 'openBody'>;
  /** Make large texts of batches. */
  workers: MergeDeps['workers'];
  clock: Clock;
  /** Bytes of plans of batches that are kept, about. */
  maxKept?: number;
}

/** Delivery keeps plans of its own: reading stored messages pushes none of them out. */
const MAX_KEPT = 4 * 1024 * 1024;

const nameOf = (domain: DomainRecord, key: string) => ({ account: domain.account, domain: domain.name, key });

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export function makeStoredMessages({ spool, workers, clock, maxKept = MAX_KEPT }: StoredMessagesDeps): StoredMessages {
  const mergeMessage = makeMergeMessage({ spool, workers, maxKept });
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
    async remove(domain, key) {
      if (!(await spool.removeStored(nameOf(domain, key)))) throw notFound('Message not found');
    },
  };
}
