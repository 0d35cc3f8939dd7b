/** Messages and an in-memory spool with the SQLite spool's semantics, for tests of what stands on it. */
import type { Address, Delivery, FlowKey, Message } from '#core';
import type { Cursor, Hold, NewMessage, OutboxEvent, QueuedDelivery, QueueFilter, SpoolStore } from '#store';

export const ADDRESS = 'bob@dst.example' as Address;

export function messageOf(id: number, options: { account?: number; bytes?: number; acceptedAt?: number; domain?: string } = {}): Message {
  const { account = 1, bytes = 10, acceptedAt = 1_700_000_000_000, domain = 'src.example' } = options;
  return {
    id,
    account,
    domain,
    sender: `a@${domain}` as Address,
    head: Buffer.from('Subject: hi\r\n'),
    body: { kind: 'inline', bytes: new Uint8Array(bytes) },
    bodyHash: '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    size: 15 + bytes,
    traits: { eightBitHead: false, eightBitBody: false, longLines: false },
    options: { dkim: true, testMode: false, requireTls: false, skipVerification: false },
    facts: {
      headers: { to: ADDRESS, from: `a@${domain}`, subject: 'hi', messageId: `${id}@${domain}` },
      attachments: [],
      tags: [],
      userVariables: {},
      method: 'http',
      isAuthenticated: true,
      originatingIp: '198.51.100.7',
      storageKey: `key${id}`,
    },
    acceptedAt,
    expiresAt: acceptedAt + 8 * 3_600_000,
  };
}

type Used =
  | 'put'
  | 'take'
  | 'lease'
  | 'settle'
  | 'message'
  | 'list'
  | 'flowHeads'
  | 'expired'
  | 'dueAfter'
  | 'countAhead'
  | 'holds'
  | 'putHold'
  | 'removeHolds';

export interface MemorySpool extends Pick<SpoolStore, Used> {
  /** How often a row was written after its put. */
  writes: number;
  rows: Map<number, Delivery>;
  events: OutboxEvent[];
  /** Awaited before a call does its work, so that a test decides the order. */
  gate: () => Promise<void>;
  /** Awaited before it answers. */
  answerGate: () => Promise<void>;
}

const flowOf = (row: FlowKey) => `${row.destination}/${row.account}/${row.priority}`;
const inOrder = (left: Cursor, right: Cursor) => left.due - right.due || left.id - right.id;

export function makeMemorySpool(): MemorySpool {
  const rows = new Map<number, Delivery>();
  const messages = new Map<number, Message>();
  const destinations = new Map<string, number>();
  const events: OutboxEvent[] = [];
  let holds: Hold[] = [];
  const spool: MemorySpool = {
    rows,
    events,
    writes: 0,
    gate: async () => undefined,
    answerGate: async () => undefined,
    async put(message: NewMessage) {
      await spool.gate();
      messages.set(message.message.id, message.message);
      events.push(...message.events);
      const added = message.deliveries.map((delivery) => {
        if (!destinations.has(delivery.destinationName)) destinations.set(delivery.destinationName, destinations.size + 1);
        const row: Delivery = {
          ...delivery,
          destination: destinations.get(delivery.destinationName) ?? 0,
          account: message.message.account,
          message: message.message.id,
          attempts: 0,
        };
        rows.set(row.id, row);
        return row;
      });
      await spool.answerGate();
      return added;
    },
    async take(flow, after, now, limit) {
      await spool.gate();
      const all = [...rows.values()].filter((row) => flowOf(row) === flowOf(flow) && inOrder(row, after) > 0).sort(inOrder);
      const due = all.filter((row) => row.due <= now).slice(0, limit);
      await spool.answerGate();
      return { rows: due, nextDue: all[due.length]?.due };
    },
    lease: async () => ({ flows: 'all', epoch: 1 }),
    async settle(_lease, settlements) {
      await spool.gate();
      const found = settlements.map((settlement) => {
        const row = rows.get(settlement.key.id);
        if (row === undefined || row.due !== settlement.key.due) return false;
        spool.writes += 1;
        if (settlement.kind === 'done') rows.delete(row.id);
        else rows.set(row.id, { ...row, due: settlement.due, attempts: settlement.attempts, last: settlement.last });
        events.push(...settlement.events);
        return true;
      });
      await spool.answerGate();
      return found;
    },
    message: async (id) => messages.get(id),
    async list(filter: QueueFilter): Promise<QueuedDelivery[]> {
      const found = [...rows.values()]
        .filter((row) => row.account === filter.account && row.id > (filter.after ?? -1))
        .filter((row) => filter.domain === undefined || messages.get(row.message)?.domain === filter.domain)
        .sort((left, right) => left.id - right.id)
        .slice(0, filter.limit)
        .map((row) => ({
          ...row,
          domain: messages.get(row.message)?.domain ?? '',
          sender: '',
          subject: '',
          messageId: '',
          size: 0,
          acceptedAt: 0,
          expiresAt: 0,
        }));
      await spool.answerGate();
      return found;
    },
    async flowHeads(after) {
      if (after !== undefined) return [];
      const heads = new Map<string, Delivery>();
      for (const row of [...rows.values()].sort(inOrder)) if (!heads.has(flowOf(row))) heads.set(flowOf(row), row);
      return [...heads.values()];
    },
    async expired(now, after, before, limit) {
      await spool.gate();
      const found = [...rows.values()]
        .filter(({ message }) => message < before && (messages.get(message)?.expiresAt ?? Number.POSITIVE_INFINITY) <= now)
        .filter(({ message, id }) => message > after.message || (message === after.message && id > after.id))
        .sort((left, right) => left.message - right.message || left.id - right.id)
        .slice(0, limit);
      const last = found.at(-1);
      return { rows: found, next: last && found.length === limit ? { message: last.message, id: last.id } : undefined };
    },
    async dueAfter({ due, accepted }, after, limit) {
      await spool.gate();
      const found = [...rows.values()]
        .map((row) => ({ ...row, acceptedAt: messages.get(row.message)?.acceptedAt ?? 0 }))
        .filter((row) => row.due > due && row.acceptedAt > accepted)
        .filter(({ message, id }) => message > after.message || (message === after.message && id > after.id))
        .sort((left, right) => left.message - right.message || left.id - right.id)
        .slice(0, limit);
      const last = found.at(-1);
      return { rows: found, next: last && found.length === limit ? { message: last.message, id: last.id } : undefined };
    },
    countAhead: async (key, limit) =>
      Math.min(limit, [...rows.values()].filter((row) => flowOf(row) === flowOf(key) && inOrder(row, key) < 0).length),
    holds: async () => holds,
    async putHold(hold) {
      const id = 1 + Math.max(0, ...holds.map((other) => other.id));
      holds = [...holds, { ...hold, id }];
      return id;
    },
    async removeHolds(ids) {
      holds = holds.filter(({ id }) => !ids.includes(id));
    },
  };
  return spool;
}
