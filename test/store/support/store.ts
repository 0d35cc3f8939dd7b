/** Stores on a folder of their own, and the smallest complete things to put into them. */

import { join } from 'node:path';
import type { Address, Message } from '#core';
import { DEFAULT_DOMAIN_SETTINGS } from '#directory';
import {
  type Backlog,
  type DomainRecord,
  type NewDelivery,
  type NewMessage,
  type OutboxEvent,
  type OutboxRow,
  openStores,
  type Settlement,
  type SpoolStore,
  type Stores,
} from '#store';
import { tempDir } from '../../support/temp-dir.mjs';

export const DAY = 86_400_000;

export interface TestStores extends Stores {
  dataDir: string;
  /** Settles with the lease of now. */
  settle(settlements: Settlement[]): Promise<boolean[]>;
  /** Closes and opens again on the same folder. */
  reopen(): Promise<void>;
  cleanup(): Promise<void>;
}

export async function openTestStores(): Promise<TestStores> {
  const folder = tempDir('mailwagon-store-');
  const dataDir = join(folder.path, 'data');
  const open = () => openStores({ dataDir, onFatal: (error) => Promise.reject(error) });
  const stores = await open().catch((error: unknown) => {
    folder.cleanup();
    throw error;
  });
  const test: TestStores = {
    ...stores,
    dataDir,
    settle: async (settlements) => test.spool.settle(await test.spool.lease(), settlements),
    async reopen() {
      await test.close();
      Object.assign(test, await open());
    },
    async cleanup() {
      await test.close();
      folder.cleanup();
    },
  };
  return test;
}

/** What the spool tells whoever watches it, as of the last call that was answered. */
export async function watchSpool(spool: SpoolStore) {
  const backlogs = new Map<number, Backlog>();
  const told = {
    health: 'unknown',
    backlog: (account: number): Backlog => backlogs.get(account) ?? { deliveries: 0, bytes: 0 },
    end: () => {},
  };
  told.end = await spool.watch({
    backlog: (account, backlog) => void backlogs.set(account, backlog),
    health(health) {
      told.health = health;
    },
  });
  return told;
}

export function makeMessage(id: number, fields: Partial<Message> = {}): Message {
  return {
    id,
    account: 1,
    domain: 'sender.example',
    sender: 'from@sender.example' as Address,
    head: Buffer.from('Subject: Hello\r\n'),
    body: { kind: 'inline', bytes: Buffer.from('Hi\r\n') },
    bodyHash: 'hash',
    size: 22,
    traits: { eightBitHead: false, eightBitBody: true, longLines: false },
    options: { dkim: true, testMode: false, requireTls: true, skipVerification: false },
    facts: {
      headers: { to: 'a@b.example', from: 'from@sender.example', subject: `Subject of ${id}`, messageId: `${id}@sender.example` },
      attachments: [{ filename: 'ä.pdf', contentType: 'application/pdf', size: 5 }],
      tags: ['tag'],
      userVariables: { nested: { list: [1, null] } },
      method: 'http',
      isAuthenticated: true,
      originatingIp: '192.0.2.1',
      storageKey: 'key',
    },
    acceptedAt: 1000,
    expiresAt: 2000,
    ...fields,
  };
}

export function makeDelivery(
  id: number,
  due: number,
  recipient = `user${id}@gmail.example`,
  fields: Partial<NewDelivery> = {},
): NewDelivery {
  return { id, recipient: recipient as Address, destinationName: recipient.slice(recipient.indexOf('@') + 1), priority: 0, due, ...fields };
}

export function makeEvent(id: string, fields: Partial<OutboxEvent> = {}): OutboxEvent {
  return {
    id,
    account: 1,
    domain: 'sender.example',
    at: 1000,
    event: 'accepted',
    recipient: 'user@gmail.example',
    messageId: 'm@sender.example',
    severity: '',
    body: `{"id":"${id}"}`,
    ...fields,
  };
}

export const makeOutboxRow = (seq: number, fields: Partial<OutboxEvent> = {}): OutboxRow => ({ ...makeEvent(`event${seq}`, fields), seq });

/** A message of account 1 with a delivery per due time, numbered upwards from `id`. */
export function makeNewMessage(id: number, dues: number[] = [10], fields: Partial<NewMessage> = {}): NewMessage {
  return { message: makeMessage(id), deliveries: dues.map((due, index) => makeDelivery(id + 1 + index, due)), events: [], ...fields };
}

export function makeDomain(account: number, name: string, fields: Partial<DomainRecord> = {}): Omit<DomainRecord, 'id'> {
  return {
    account,
    publicId: `id of ${name}`,
    name,
    type: 'custom',
    state: 'unverified',
    ...DEFAULT_DOMAIN_SETTINGS,
    skipVerification: true,
    createdAt: 5,
    ...fields,
  };
}

export const makeDkimKey = (account: number, selector = 's1') => ({
  account,
  selector,
  privateKey: 'private',
  publicKey: 'public',
  kind: 'rsa' as const,
  bits: 2048,
  active: true,
  published: false,
  createdAt: 6,
});

/** Deterministic numbers below `limit`, so that a failing random test can be repeated. */
export function makeRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
