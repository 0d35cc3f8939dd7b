/** The real intake over a queue that only remembers, for messages of `src.example`. */

import { Readable } from 'node:stream';
import { pino } from 'pino';
import { type Address, type Body, badRequest, makeIdSource, parseAddress, Refusal } from '#core';
import { DEFAULT_DOMAIN_SETTINGS, type Directory } from '#directory';
import { makeRecorder } from '#events';
import { type IntakeDeps, makeIntake, type SendWindow, type Submission } from '#intake';
import { compileTemplate } from '#mail';
import type { BodyWriter, DomainRecord, NewMessage, OutboxEvent } from '#store';
import { makeWorkers } from '#workers';

/** The account's only pool. */
export const POOL = '5f0c1d2e3a4b5c6d7e8f9a0b';

/** Wed, 04 Mar 2026 10:15:30 UTC. */
export const NOW = 1_772_619_330_000;
const clock = { now: () => NOW, monotonic: () => NOW };

export const DOMAIN: DomainRecord = {
  ...{ id: 1, account: 1, publicId: 'f'.repeat(24), name: 'src.example', type: 'custom', state: 'active' },
  ...DEFAULT_DOMAIN_SETTINGS,
  createdAt: 0,
};

function newBody(): BodyWriter {
  const chunks: Uint8Array[] = [];
  return {
    write: (chunk) => void chunks.push(chunk),
    finish: async (): Promise<Body> => ({ kind: 'inline', bytes: Buffer.concat(chunks) }),
    discard: async () => undefined,
  };
}

const address = (text: string): Address => {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
};

export const MAIL = 'From: A <a@src.example>\r\nTo: Bob <bob@dst.example>\r\nSubject: Hi\r\n\r\nhello\r\n';

/** With a template `welcome`, versions `v1` and `v2` (active), that say hello to `name`. */
export interface Taken {
  put: NewMessage;
  head: string;
  /** What the recipient's best time was asked for. */
  window: SendWindow | undefined;
}

export function makeTestIntake(over: Partial<IntakeDeps> = {}) {
  const puts: NewMessage[] = [];
  const rejected: OutboxEvent[] = [];
  const windows: SendWindow[] = [];
  const directory = {
    domains: { nearest: async (name: string) => (name === DOMAIN.name ? DOMAIN : undefined) },
    dkimKeys: { isActive: async () => true },
    sendingIps: {
      check: async (_account: number, { sendingIp, sendingIpPool }: { sendingIp?: string; sendingIpPool?: string }) => {
        if (sendingIpPool === POOL) return;
        if (sendingIpPool !== undefined) throw badRequest(`o:sending-ip-pool: the account has no pool ${sendingIpPool}`);
        if (sendingIp !== '203.0.113.10') throw badRequest(`o:sending-ip: ${sendingIp} is not an address that this server sends from`);
      },
    },
    accounts: { get: async () => ({ publicId: 'a'.repeat(24) }) },
    templates: {
      ready: async (_domain: DomainRecord, name: string, tag = 'v2') => {
        if (name !== 'welcome') throw badRequest(`template '${name}' not found`);
        const source = { v1: '<p>Hi {{name}}</p>', v2: '<p>Hello {{name}}</p>' }[tag];
        if (source === undefined) throw badRequest(`version '${tag}' of template '${name}' not found`);
        return { name, tag, source, html: compileTemplate(source), headers: [] };
      },
    },
  } as unknown as Directory;
  const intake = makeIntake({
    workers: makeWorkers(),
    directory,
    queue: { put: async (message) => void puts.push(message) },
    spool: {
      newBody,
      openBody: (body) => Readable.from(body.kind === 'inline' ? [Buffer.from(body.bytes)] : []),
      idempotencyRecord: async () => undefined,
      putEvents: async (events) => void rejected.push(...events),
    },
    recorder: makeRecorder({ clock }),
    usage: { reserve: async () => true, release: () => undefined },
    clock,
    pressure: { refusal: () => undefined },
    ids: makeIdSource(clock),
    serverKey: Buffer.alloc(32, 7),
    hostname: 'mail.host.example',
    logger: pino({ level: 'silent' }),
    onEvents: () => undefined,
    limits: { tagsPerMessage: 3, privateUrls: false },
    preferredSendTime: async (_recipient, window) => {
      windows.push(window);
      return window.from;
    },
    ...over,
  });

  return {
    rejected,
    /** What was committed, or why not. */
    async take(raw: string, fields: Partial<Submission> = {}): Promise<Taken | Refusal> {
      puts.length = 0;
      windows.length = 0;
      const submission: Submission = {
        ...{ account: 1, domain: DOMAIN, method: 'smtp', isAuthenticated: true, remoteAddress: '203.0.113.25', helo: 'client.example' },
        ...{ protocol: 'ESMTPSA', sender: address('a@src.example'), recipients: [address('bob@dst.example')] },
        ...{ content: Readable.from([Buffer.from(raw)]), options: {}, tags: [], userVariables: {} },
        ...fields,
      };
      try {
        await intake.accept(submission);
      } catch (error) {
        if (error instanceof Refusal) return error;
        throw error;
      }
      const [put] = puts;
      if (put === undefined) throw new Error('nothing was put');
      return { put, head: Buffer.from(put.message.head).toString(), window: windows[0] };
    },
  };
}
