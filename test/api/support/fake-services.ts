/** Intake, queue and event log in memory, with what they were asked kept for assertions. */
import { type Address, type Delivery, type Refusal, StoreError } from '#core';
import type { EventLog } from '#events';
import type { Intake, Submission } from '#intake';
import type { Queue, WaitReason } from '#queue';
import { EVERY_ACCOUNT, type EventPosition, type Hold, type IdempotencyRecord, type QueuedDelivery, type StoredEvent } from '#store';
import { bodyFilters, bodyMatches, streamMatches } from '#store/event-filter.js';
import { bytesOf, join } from '../../unit/mail/support/read-all.js';

export interface AcceptedMessage extends Omit<Submission, 'content'> {
  /** The message as it came, latin1 so that every byte can be looked at. */
  raw: string;
  messageId: string;
}

export interface FakeIntake extends Intake {
  accepted: AcceptedMessage[];
  /** Thrown by the next accept(), before the content is read. */
  failure: Error | undefined;
  /** What refusalNow() gives. */
  pressure: Refusal | undefined;
}

export function makeFakeIntake(): FakeIntake {
  const given = new Map<string, IdempotencyRecord>();
  const fake: FakeIntake = {
    accepted: [],
    failure: undefined,
    pressure: undefined,
    refusalNow: () => fake.pressure,
    idempotencyRecord: async (domain, key) => given.get(`${domain.name} ${key}`),
    async accept({ content, ...submission }) {
      if (fake.failure) throw fake.failure;
      const bytes = content instanceof Uint8Array ? content : await ('fields' in content ? bytesOf(content) : join(content));
      const added = submission.addedFields?.map((field) => field.raw) ?? [];
      const raw = Buffer.concat([...added, bytes]).toString('latin1');
      const messageId = /^message-id:\s*<(.*)>/im.exec(raw)?.[1] ?? 'none@example.com';
      const { once, domain } = submission;
      if (once !== undefined) {
        const name = `${domain.name} ${once.key}`;
        if (given.has(name)) throw new StoreError('conflict', 'an answer was given for this idempotency key already');
        given.set(name, { ...once, answer: once.answer({ messageId }), at: 0 });
      }
      fake.accepted.push({ ...submission, raw, messageId });
      return { messageId } as Awaited<ReturnType<Intake['accept']>>;
    },
  };
  return fake;
}

export interface FakeQueue extends Queue {
  items: QueuedDelivery[];
  retried: number[];
  held: Hold[];
  /** Why due mail for a destination waits. */
  resting: Map<string, WaitReason>;
}

export function makeFakeQueue(): FakeQueue {
  const notHere = () => {
    throw new Error('not part of the API');
  };
  const fake: FakeQueue = {
    items: [],
    retried: [],
    held: [],
    resting: new Map(),
    listen: notHere,
    place: notHere,
    suspend: notHere,
    resume: notHere,
    isHeld: notHere,
    siteOf: (destination) => `mx.${destination}`,
    isAt: (destination, site) => site === `mx.${destination}`,
    relieve: notHere,
    defer: notHere,
    bringBack: notHere,
    deferFlow: notHere,
    pause: notHere,
    obstacle: ({ destinationName }) => fake.resting.get(destinationName),
    why: async () => ({ reason: 'First of its sender to this destination', until: undefined }),
    async hold(filter, reason = '') {
      const hold = { ...filter, id: fake.held.length + 1, reason, at: Date.UTC(2026, 2, 4) };
      fake.held.push(hold);
      return hold;
    },
    async release(filter) {
      const same = (hold: Hold) =>
        (['account', 'domain', 'destination', 'site', 'message'] as const).every((name) => hold[name] === filter[name]) &&
        (hold.isOperators ?? false) === (filter.isOperators ?? false);
      const released = fake.held.filter(same);
      fake.held = fake.held.filter((hold) => !same(hold));
      return released;
    },
    holds: (account) => fake.held.filter((hold) => account === EVERY_ACCOUNT || hold.account === EVERY_ACCOUNT || hold.account === account),
    put: notHere,
    take: notHere,
    message: notHere,
    settle: notHere,
    giveBack: notHere,
    start: notHere,
    stop: notHere,
    list: async (filter) =>
      fake.items
        .filter((item) => item.account === filter.account && item.id > (filter.after ?? 0))
        .filter(
          (item) => (filter.domain ?? item.domain) === item.domain && (filter.destination ?? item.destinationName) === item.destinationName,
        )
        .filter((item) => (filter.recipient ?? item.recipient) === item.recipient && (filter.message ?? item.message) === item.message)
        .sort((left, right) => left.id - right.id)
        .slice(0, filter.limit),
    async retry(account, ids) {
      const found = fake.items.filter((item) => item.account === account && ids.includes(item.id));
      fake.retried.push(...found.map((item) => item.id));
      return found.length;
    },
    async clear(account, domain) {
      const kept = fake.items.filter((item) => item.account !== account || item.domain !== domain);
      const count = fake.items.length - kept.length;
      fake.items = kept;
      return count;
    },
    async cancel(account, ids) {
      const kept = fake.items.filter((item) => item.account !== account || !ids.includes(item.id));
      const count = fake.items.length - kept.length;
      fake.items = kept;
      return count;
    },
  };
  return fake;
}

export function queuedDelivery(id: number, more: Partial<QueuedDelivery> = {}): QueuedDelivery {
  const delivery: Delivery = {
    id,
    account: 1,
    message: 7,
    destination: 1,
    priority: 0,
    recipient: 'alice@example.org' as Address,
    destinationName: 'example.org',
    due: Date.UTC(2026, 2, 4, 10, 30),
    attempts: 1,
  };
  const told = { domain: 'example.com', sender: 'shop@example.com', subject: 'Hello', messageId: 'm7@example.com', size: 1200 };
  return { ...delivery, ...told, acceptedAt: Date.UTC(2026, 2, 4, 10), expiresAt: Date.UTC(2026, 2, 4, 18), ...more };
}

export interface FakeEvents extends EventLog {
  /** Adds an event at a time in µs. */
  add(event: Partial<FakeEvent> & { at: number }): void;
}

interface FakeEvent extends EventPosition {
  account: number;
  domain: string;
  event: string;
  recipient: string;
  messageId: string;
  severity: string;
}

const compare = (left: EventPosition, right: EventPosition) => left.at - right.at || (left.id < right.id ? -1 : left.id > right.id ? 1 : 0);

export function makeFakeEvents(): FakeEvents {
  const all: FakeEvent[] = [];
  const bodyOf = (event: FakeEvent) =>
    JSON.stringify({
      event: event.event,
      ...(event.severity === '' ? {} : { severity: event.severity }),
      id: event.id,
      timestamp: event.at / 1e6,
      account: { id: 'a' },
      domain: { name: event.domain },
      recipient: event.recipient,
      storage: { key: `KEY-${event.id}`, region: 'local', env: 'production' },
    });
  return {
    add(event) {
      const id = `event-${String(all.length).padStart(4, '0')}`;
      all.push({
        id,
        account: 1,
        domain: 'example.com',
        event: 'delivered',
        recipient: 'alice@example.org',
        messageId: 'm7@example.com',
        severity: '',
        ...event,
      });
    },
    async query(query): Promise<StoredEvent[]> {
      const sign = query.ascending ? 1 : -1;
      const after = query.after;
      return all
        .filter((event) => query.account === EVERY_ACCOUNT || event.account === query.account)
        .filter((event) => (query.domain ?? event.domain) === event.domain)
        .filter((event) => event.at >= (query.begin ?? 0) && event.at <= (query.end ?? Number.MAX_SAFE_INTEGER))
        .filter((event) => after === undefined || compare(event, after) * sign > 0)
        .filter((event) => query.events === undefined || query.events.includes(event.event))
        .filter(
          (event) => (query.recipient ?? event.recipient) === event.recipient && (query.messageId ?? event.messageId) === event.messageId,
        )
        .filter((event) => (query.severity ?? event.severity) === event.severity)
        .filter((event) => streamMatches(query.filters ?? [], event) && bodyMatches(bodyFilters(query.filters ?? []), bodyOf(event)))
        .sort((left, right) => compare(left, right) * sign)
        .slice(0, query.limit)
        .map((event) => ({ at: event.at, id: event.id, body: bodyOf(event) }));
    },
  };
}
