/** A delivery with everything around it in memory, against scripted mail exchangers on loopback addresses. */

import { generateKeyPairSync } from 'node:crypto';
import { pino } from 'pino';
import { loadBounceRules, type ShapingRules } from '#config';
import { type Address, type Clock, domainOf, type Message, type Delivery as QueuedDelivery, type SendOptions, systemClock } from '#core';
import { type DeliveryDeps, type DeliveryOptions, makeDeliveryEngine, makeWarmups, type Warmups } from '#delivery';
import type { Directory } from '#directory';
import { makeRecorder } from '#events';
import { makeBodyScan } from '#mail';
import type { Dane, Dns, DnsAnswer, MtaSts } from '#net';
import type { Queue } from '#queue';
import type { DeliveryTimeouts } from '#smtp-client';
import type { DomainRecord } from '#store';
import { makeWorkers } from '#workers';
import { waitFor } from '../../../support/wait-for.mjs';
import { type MemoryQueue, makeMemoryQueue, type Settled } from './memory-queue.js';
import { makePostedAttempts, type Posted } from './posted-attempts.js';

/** For peers that make us wait. */
export const QUICK: DeliveryTimeouts = { connect: 400, setup: 600, envelope: 600, data: 600, dot: 600, attempt: 5000, idle: 2000 };
/** For everybody else, so that a busy machine is no failure. */
export const PATIENT: DeliveryTimeouts = { connect: 8000, setup: 8000, envelope: 8000, data: 8000, dot: 8000, attempt: 20_000, idle: 5000 };

const BOUNCE_RULES = loadBounceRules(null);
const NO_WARMUPS = makeWarmups({
  store: { warmups: async () => [], saveWarmup: async () => undefined, deleteWarmup: async () => undefined },
  clock: systemClock,
  logger: pino({ level: 'silent' }),
});
/** No limit but those of the test. */
const NO_SHAPING: ShapingRules = { default: { connections: 1000, messagesPerConnection: 100, tls: 'may' }, providers: [], responses: [] };
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
/** What a verifier finds in DNS for the key that signs. */
export const DKIM_RECORD = `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`;

/** By name: MX targets in order of preference, or an answer for MX; `A` addresses. */
export interface Zone {
  mx?: string[] | DnsAnswer<'MX'>;
  a?: string[];
  aaaa?: string[];
}

function makeZoneDns(zones: Record<string, Zone>): Dns {
  return {
    query: async (name: string, type: string) => {
      const zone = zones[name];
      const found = <T>(records: T[]) => ({ kind: 'records', records, ttl: 300, authenticated: false }) as never;
      if (zone === undefined) return { kind: 'nxdomain', ttl: 60, authenticated: false };
      if (type === 'MX' && zone.mx !== undefined) {
        return Array.isArray(zone.mx)
          ? found(zone.mx.map((exchange, index) => ({ preference: 10 * (index + 1), exchange })))
          : (zone.mx as never);
      }
      if (type === 'A' && zone.a !== undefined) return found(zone.a);
      if (type === 'AAAA' && zone.aaaa !== undefined) return found(zone.aaaa);
      return { kind: 'nodata', ttl: 60, authenticated: false };
    },
  };
}

const DOMAIN = { id: 1, account: 1, publicId: 'd', name: 'src.test', state: 'active' } as DomainRecord;

export interface Harness {
  queue: MemoryQueue;
  delivery: ReturnType<typeof makeDeliveryEngine>;
  /** Sets the domain the directory finds; undefined: deleted. */
  domain: DomainRecord | undefined;
  /** Puts a message for these recipients and waits until each is settled. */
  send(fields?: MessageFields, ...recipients: string[]): Promise<Settled[]>;
  /** The same without waiting. */
  put(fields?: MessageFields, ...recipients: string[]): QueuedDelivery[];
  settledFor(deliveries: QueuedDelivery[], timeoutMs?: number): Promise<Settled[]>;
  /** What has crossed the boundary between dispatcher and attempts, as copies of data. */
  posted: Posted;
  /** Bodies the spool keeps as files, by name. */
  files: Map<string, () => AsyncIterable<Uint8Array>>;
}

export interface MessageFields {
  raw?: string | Buffer;
  sender?: string;
  options?: Partial<SendOptions>;
  acceptedAt?: number;
  expiresAt?: number;
  delivery?: Partial<QueuedDelivery>;
  /** Keeps the body as a file, served in chunks of this size. */
  chunkSize?: number;
}

const PLAIN = 'From: a@src.test\r\nTo: b@dst.test\r\nSubject: hello\r\nMessage-ID: <1@src.test>\r\n\r\nHello there.\r\n';

export type HarnessOptions = Partial<DeliveryOptions> & {
  port: number;
  shapingRules?: ShapingRules;
  mtaSts?: MtaSts;
  dane?: Dane;
  calls?: DeliveryDeps['calls'];
  warmups?: Warmups;
  clock?: Clock;
  suspects?: DeliveryDeps['suspects'];
  transcripts?: DeliveryDeps['transcripts'];
  /** Another queue to deliver from; that of the harness is not used then. */
  from?: Queue;
};

/** Everything to `dst.test` goes to `mx.dst.test` at 127.0.0.1 unless `zones` says otherwise. */
export function makeHarness(options: HarnessOptions, zones: Record<string, Zone> = {}): Harness {
  const queue = makeMemoryQueue();
  const clock = options.clock ?? systemClock;
  let nextId = 1;
  const files: Harness['files'] = new Map();
  const dns = makeZoneDns({ 'dst.test': { mx: ['mx.dst.test'] }, 'mx.dst.test': { a: ['127.0.0.1'] }, ...zones });
  const directory = {
    domains: {
      find: async (name: string) => (name.startsWith('src.') ? harness.domain : undefined),
      signingKeys: async () => [{ domain: 'src.test', selector: 's1', privateKey }],
    },
    accounts: { publicId: async () => 'acc1' },
    sendingIps: { wanted: async (_domain: unknown, { sendingIp }: SendOptions) => (sendingIp === undefined ? [] : [[sendingIp]]) },
  } as unknown as Directory;
  const posted: Posted = { tasks: 0, results: 0, progress: 0, survived: 0, orders: 0 };
  const delivery = makeDeliveryEngine({
    makeAttempts: makePostedAttempts(posted),
    suspects: options.suspects,
    transcripts: options.transcripts,
    workers: makeWorkers(),
    queue: options.from ?? queue,
    directory,
    recorder: makeRecorder({ clock }),
    spool: {
      openBody: (body) => (body.kind === 'inline' ? chunksOf(Buffer.from(body.bytes), 1 << 20) : (files.get(body.name) ?? missing)()),
      restrictions: async () => [],
      saveRestriction: async () => {},
    },
    dns,
    mtaSts: options.mtaSts ?? { policyFor: async () => undefined },
    calls: options.calls ?? { put: async () => {} },
    dane: options.dane ?? { daneFor: async () => ({ kind: 'none' }) },
    bounceRules: BOUNCE_RULES,
    shapingRules: options.shapingRules ?? NO_SHAPING,
    clock,
    logger: pino({ level: process.env.LOG ?? 'silent' }),
    warmups: options.warmups ?? NO_WARMUPS,
    options: { hostname: 'out.test', transports: [], allowPrivateNetworks: true, timeouts: PATIENT, ...options },
  });
  delivery.start();

  function build(fields: MessageFields): Message {
    const id = nextId++;
    const raw = Buffer.from(fields.raw ?? PLAIN);
    const split = raw.indexOf('\r\n\r\n') + 2;
    const head = raw.subarray(0, split);
    const bytes = raw.subarray(split + 2);
    const scan = makeBodyScan();
    scan.update(bytes);
    const facts = scan.finish();
    if (fields.chunkSize !== undefined) files.set(`f${id}`, () => chunksOf(bytes, fields.chunkSize ?? 1));
    const acceptedAt = fields.acceptedAt ?? systemClock.now();
    return {
      id,
      account: 1,
      domain: 'src.test',
      sender: (fields.sender ?? 'a@src.test') as Address,
      head,
      body: fields.chunkSize === undefined ? { kind: 'inline', bytes } : { kind: 'file', name: `f${id}`, size: bytes.length },
      bodyHash: facts.bodyHash,
      size: raw.length,
      traits: { eightBitHead: head.some((byte) => byte > 127), eightBitBody: facts.eightBit, longLines: facts.longLines },
      options: { dkim: true, testMode: false, requireTls: false, skipVerification: false, ...fields.options },
      facts: {
        headers: { to: 'b@dst.test', from: 'a@src.test', subject: 'hello', messageId: `${id}@src.test` },
        attachments: [],
        tags: [],
        userVariables: {},
        method: 'http',
        isAuthenticated: true,
        originatingIp: '',
        storageKey: 'k',
      },
      acceptedAt,
      expiresAt: fields.expiresAt ?? acceptedAt + 8 * 3_600_000,
    };
  }

  const harness: Harness = {
    queue,
    delivery,
    domain: DOMAIN,
    posted,
    files,
    put(fields = {}, ...recipients) {
      const message = build(fields);
      const to = recipients.length > 0 ? recipients : ['b@dst.test'];
      const deliveries = to.map(
        (recipient): QueuedDelivery => ({
          id: nextId++,
          message: message.id,
          recipient: recipient as Address,
          destination: 1,
          destinationName: domainOf(recipient as Address),
          account: 1,
          priority: 0,
          due: message.acceptedAt,
          attempts: 0,
          ...fields.delivery,
        }),
      );
      queue.add(message, deliveries);
      return deliveries;
    },
    async settledFor(deliveries, timeoutMs = 10_000) {
      const find = ({ id }: QueuedDelivery) => queue.settled.find(({ delivery: { id: settled } }) => settled === id);
      await waitFor(() => deliveries.every(find), { timeoutMs, what: 'settlements' });
      return deliveries.flatMap((one) => find(one) ?? []);
    },
    send: (fields, ...recipients) => harness.settledFor(harness.put(fields, ...recipients)),
  };
  return harness;
}

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

// biome-ignore lint/correctness/useYield: it fails before the first chunk, as a missing file does
async function* missing(): AsyncGenerator<Uint8Array> {
  throw new Error('ENOENT /secret/path');
}
