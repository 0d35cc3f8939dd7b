/** The bytes of a message as one recipient and peer get them. */
import { bodySize, type Message } from '#core';
import type { SpoolStore } from '#store';

/** The stored bytes, unless the message is made for a recipient of a batch or the peer needs another encoding. */
export interface MessageForm {
  head: Uint8Array;
  /** `open` may be called more than once and gives the same bytes each time. */
  body: { kind: 'inline'; bytes: Uint8Array } | { kind: 'stream'; size: number; open: () => AsyncIterable<Uint8Array> };
  /** base64 SHA-256, relaxed. */
  bodyHash: string;
  eightBitBody: boolean;
  /** A byte over 127 in the head. */
  eightBitHead: boolean;
  /** A line of the body over 998 octets. */
  longLines: boolean;
  /** Names this form of the message, for what is kept per form. */
  form: string;
}

export type Bodies = Pick<SpoolStore, 'openBody'>;

/** The message as it is stored. */
export function storedForm({ head, body, bodyHash, traits }: Message, spool: Bodies): MessageForm {
  const content: MessageForm['body'] =
    body.kind === 'inline'
      ? { kind: 'inline', bytes: body.bytes }
      : { kind: 'stream', size: bodySize(body), open: () => spool.openBody(body) };
  return { head, body: content, bodyHash, ...traits, form: 'stored' };
}
