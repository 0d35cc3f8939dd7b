/** Stored messages over a spool in memory, sent again by way of the intake that is given. */

import { type Address, type Message, makeStorageKey, systemClock } from '#core';
import { type Intake, makeResend, type Resend } from '#intake';
import { makeStoredMessages, type StoredMessages } from '#messages';
import { makeWorkers } from '#workers';

export interface FakeStored extends StoredMessages {
  resend: Resend;
  /** Keeps a message whose lines end in LF here, for account 1 and example.com unless given; gives its key. */
  add(text: string, more?: Partial<Message>): string;
  /** May be replaced by one that fails. */
  openBody(body: Message['body']): AsyncIterable<Uint8Array>;
}

export const FACTS: Message['facts'] = {
  headers: { to: '', from: '', subject: '', messageId: 'm@example.com' },
  attachments: [],
  tags: ['one', 'two'],
  userVariables: { order: '1001' },
  method: 'http',
  isAuthenticated: true,
  originatingIp: '192.0.2.1',
  storageKey: '',
};

export function makeFakeStored(intake: Pick<Intake, 'accept'>): FakeStored {
  const kept = new Map<string, Message>();
  const spool = {
    stored: async ({ account, domain, key }: { account: number; domain: string; key: string }) => {
      const message = kept.get(key);
      return message?.account === account && message.domain === domain ? message : undefined;
    },
    removeStored: async (name: { account: number; domain: string; key: string }) =>
      (await spool.stored(name)) !== undefined && kept.delete(name.key),
    openBody: (body: Message['body']) => fake.openBody(body),
  };
  const stored = makeStoredMessages({ spool, workers: makeWorkers(), clock: systemClock });
  const fake: FakeStored = {
    ...stored,
    resend: makeResend({ stored, intake }),
    async *openBody(body) {
      if (body.kind === 'inline') for (let at = 0; at < body.bytes.byteLength; at += 1000) yield body.bytes.subarray(at, at + 1000);
    },
    add(text, more = {}) {
      const bytes = Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
      const end = bytes.indexOf('\r\n\r\n');
      const key = makeStorageKey(kept.size + 1);
      kept.set(key, {
        id: kept.size + 1,
        account: 1,
        domain: 'example.com',
        sender: 'shop@example.com' as Address,
        head: bytes.subarray(0, end + 2),
        body: { kind: 'inline', bytes: bytes.subarray(end + 4) },
        bodyHash: '',
        size: bytes.byteLength,
        traits: { eightBitHead: true, eightBitBody: true, longLines: false },
        options: { dkim: true, testMode: false, requireTls: true, skipVerification: false },
        facts: { ...FACTS, storageKey: key },
        acceptedAt: 1,
        expiresAt: 2,
        ...more,
      });
      return key;
    },
  };
  return fake;
}
