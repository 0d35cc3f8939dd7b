import type { Message } from '#core';

export interface NamedFields extends Pick<Message, 'id' | 'account' | 'domain' | 'acceptedAt' | 'expiresAt'> {
  sender: string;
  subject: string;
  head: Buffer;
  /** Wire form. */
  body: Uint8Array;
  /** Of a body that will be signed. */
  bodyHash?: string;
}

export function spoolMessage(named: NamedFields): Message;
