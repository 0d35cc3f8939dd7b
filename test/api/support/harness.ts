/** The real API behind a real HTTP listener on a free port, over in-memory folders. */

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type ApiDeps, makeApi } from '#api';
import { systemClock } from '#core';
import { makeWarmups } from '#delivery';
import { makeConnectionGuard, makeHttpServer, makeOpenPages, makeRequestListener, type Obstacle, type serverTimeouts } from '#http';
import { makeWorkers } from '#workers';
import { type FakeDirectory, makeFakeDirectory } from './fake-directory.js';
import { type FakeEvents, type FakeIntake, type FakeQueue, makeFakeEvents, makeFakeIntake, makeFakeQueue } from './fake-services.js';
import { type FakeStored, makeFakeStored } from './fake-stored.js';
import { type FakeTranscripts, makeFakeTranscripts } from './fake-transcripts.js';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  json: any;
}

export interface CallOptions {
  /** Secret to authenticate with; null: no Authorization header. */
  key?: string | null;
  headers?: Record<string, string>;
  body?: string | Buffer;
  form?: [string, string][] | Record<string, string>;
}

export interface Harness {
  port: number;
  server: Server;
  directory: FakeDirectory;
  intake: FakeIntake;
  stored: FakeStored;
  queue: FakeQueue;
  events: FakeEvents;
  transcripts: FakeTranscripts;
  /** What stands in the way of being ready. */
  obstacles: Obstacle[];
  /** Answers of endpoints as they were told to whoever counts. */
  observed: string[];
  /** Log lines. */
  logs: Record<string, unknown>[];
  tempDir: string;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  leftovers(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Secrets known to every harness; `other` belongs to the second account, which owns other.example. */
export const KEYS = {
  admin: 'secret-admin',
  analyst: 'secret-analyst',
  developer: 'secret-developer',
  support: 'secret-support',
  sending: 'secret-sending',
  other: 'secret-other',
} as const;

export interface HarnessOptions {
  limits?: ApiDeps['limits'];
  clock?: ApiDeps['clock'];
  timeouts?: Partial<Record<keyof typeof serverTimeouts, number>>;
}

export async function startApi(options: HarnessOptions = {}): Promise<Harness> {
  const directory = makeFakeDirectory();
  directory.addDomain(1, 'example.com');
  directory.addDomain(1, 'second.example');
  directory.addDomain(2, 'other.example');
  for (const role of ['admin', 'analyst', 'developer', 'support'] as const) directory.addKey(KEYS[role], { account: 1, role });
  directory.addKey(KEYS.sending, { account: 1, role: 'sending', kind: 'domain', domainName: 'example.com' });
  directory.addKey(KEYS.other, { account: 2, role: 'admin' });
  const [intake, queue, events] = [makeFakeIntake(), makeFakeQueue(), makeFakeEvents()];
  const transcripts = makeFakeTranscripts();
  const stored = makeFakeStored(intake);
  const warmups = makeWarmups({
    store: { warmups: async () => [], saveWarmup: async () => undefined, deleteWarmup: async () => undefined },
    clock: options.clock ?? systemClock,
    logger: pino({ level: 'silent' }),
  });
  const [obstacles, observed]: [Obstacle[], string[]] = [[], []];
  const logs: Record<string, unknown>[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void logs.push(JSON.parse(line)) });
  const tempDir = await mkdtemp(join(tmpdir(), 'mailwagon-api-'));
  const { part, requireOperator } = makeApi({
    workers: makeWorkers(),
    ...{ directory, intake, stored, resend: stored.resend, queue, events, transcripts, warmups, logger, tempDir },
    note: () => undefined,
    observe: (method, route, status) => void observed.push(`${method} ${route} ${status}`),
    clock: options.clock ?? systemClock,
    looseDots: (domain) => domain === 'docomo.ne.jp',
    hostname: 'mail.example.net',
    version: '0.1.0',
    limits: options.limits ?? { requestsPerMinute: null },
  });
  const openPages = makeOpenPages({
    readiness: { obstacles: async () => obstacles },
    metrics: async () => '# HELP up Up.\n# TYPE up gauge\nup 1\n',
    requireOperator,
  });
  const listener = makeRequestListener({ parts: [part, openPages], logger });
  const guard = makeConnectionGuard({ limits: { connections: 1000, connectionsPerClient: 1000 }, clock: systemClock });
  const server = makeHttpServer(listener, guard, options.timeouts);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ port, server, directory, intake, stored, queue, events, transcripts, obstacles, observed, logs, tempDir },
    call: (method, path, callOptions = {}) => call(port, method, path, callOptions),
    leftovers: () => readdir(tempDir),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(tempDir, { recursive: true });
    },
  };
}

export const basic = (secret: string, user = 'api') => `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;

/** The path goes out as it is written. */
function call(port: number, method: string, path: string, options: CallOptions): Promise<Answer> {
  const key = options.key === undefined ? KEYS.admin : options.key;
  const form = options.form && new URLSearchParams(options.form).toString();
  const body = options.body ?? form;
  const headers: Record<string, string> = {
    ...(key === null ? {} : { authorization: basic(key) }),
    ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const isJson = String(response.headers['content-type']).startsWith('application/json');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: isJson && text !== '' ? JSON.parse(text) : undefined,
        });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

export type Part = { name: string; value: string | Buffer; filename?: string; type?: string };

/** A multipart body and the header that goes with it. */
export function multipart(parts: Part[], boundary = 'b0undary'): { body: Buffer; headers: Record<string, string> } {
  const pieces = parts.flatMap(({ name, value, filename, type }) => {
    const file = filename === undefined ? '' : `; filename="${filename}"`;
    const contentType = type === undefined ? '' : `\r\nContent-Type: ${type}`;
    return [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}${contentType}\r\n\r\n`),
      Buffer.from(value),
      Buffer.from('\r\n'),
    ];
  });
  return {
    body: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]),
    headers: { 'content-type': `multipart/form-data; boundary="${boundary}"` },
  };
}
