/** The fallback takes over from a path that is left alone, and gives back when a probe has shown that it works again. */
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Delivery, Outcome } from '#core';
import { makePaths, type Path, type Paths } from '#delivery/paths/paths.js';
import type { ReadyQueue, Taken } from '#delivery/sources/ready-queue.js';
import { makeSortedReadyQueue } from '#delivery/sources/sort-by-source.js';
import { makeSources } from '#delivery/sources/sources.js';

const A = '192.0.2.1';
const SITE = 'mx.test';
const MINUTE = 60_000;
const FALLBACK = { match: '*', when: 'fallback', host: 'relay.test', port: 587, tls: 'none' } as const;

let now: number;
let due: Delivery[];
let ready: Path[];
let paths: Paths;
let readyQueue: ReadyQueue;
let nextId: number;

beforeEach(() => {
  now = 1_000_000;
  nextId = 1;
  due = [];
  ready = [];
  const clock = { now: () => now, monotonic: () => now };
  paths = makePaths({ limits: { perPath: 20, total: 200 }, clock, jitter: () => 0 });
  readyQueue = makeSortedReadyQueue({
    queue: {
      take: (_site, limit) => due.splice(0, limit),
      suspend: () => undefined,
      resume: () => undefined,
      message: async () => ({ domain: 'src.test', options: {} }) as never,
      giveBack: (delivery) => void due.unshift(delivery),
      defer: () => undefined,
      bringBack: (delivery) => void due.unshift(delivery),
      deferFlow: () => () => undefined,
    },
    paths,
    policies: { of: () => undefined, forget: () => undefined },
    sources: makeSources([{ ipv4: A }], 'own.test'),
    warmups: { sendableAt: () => 0, note: () => undefined, onChange: () => undefined },
    transports: [FALLBACK],
    directory: { domains: { find: async () => undefined }, sources: { wanted: async () => [] } } as never,
    clock,
    steady: { ...clock, wall: (ms) => ms },
    logger: pino({ level: 'silent' }),
    onReady: (path) => void ready.push(path),
  });
});

/** Puts one delivery and gives the path it was sorted to, with what was taken there. */
async function next(): Promise<{ source: string; site: string; path: Path; taken: Taken }> {
  ready.length = 0;
  const id = nextId++;
  due.push({ id, message: id, recipient: `u${id}@dst.test`, destinationName: 'dst.test', account: 1, priority: 0, due: now } as Delivery);
  readyQueue.onDue(SITE);
  await expect.poll(() => ready.length).toBe(1);
  const [path] = ready as [Path];
  const taken = readyQueue.take(path);
  if (taken === undefined) throw new Error('nothing can be taken from the path');
  return { source: path.source, site: path.site, path, taken };
}

const unreachable: Outcome = {
  kind: 'deferred',
  reply: { code: 421, enhancedCode: '4.4.1', text: 'timed out' },
  stage: 'connect',
  reason: 'generic',
  connection: { mxHost: SITE, mxHostIp: '198.51.100.1' },
  sessionMs: 0,
};
const direct = { source: A, site: SITE };
const relayed = { source: 'default', site: 'relay.test:587' };

describe('a path that is left alone', () => {
  it('gives its mail to the fallback, and has it back after a probe that got through', async () => {
    expect(await next()).toMatchObject(direct);
    const path = paths.get(SITE, A);
    paths.suspend(path, now + MINUTE);
    readyQueue.suspend(path, now + MINUTE, 'no session could be had');
    const other = await next();
    expect(other).toMatchObject(relayed);
    expect(other.taken.via.transport).toEqual(FALLBACK);

    now += MINUTE;
    paths.resume(path);
    readyQueue.resume(path);
    const probe = await next();
    expect(probe).toMatchObject(direct);
    paths.started(probe.path);
    expect(await next()).toMatchObject(relayed);

    paths.note(probe.path, 'reached', 1);
    paths.ended(probe.path);
    expect(await next()).toMatchObject(direct);
  });

  it('keeps its mail with the fallback when the probe fails', async () => {
    const path = paths.get(SITE, A);
    paths.suspend(path, now + MINUTE);
    paths.resume(path);
    const probe = await next();
    expect(probe).toMatchObject(direct);
    paths.started(probe.path);
    expect(readyQueue.ended(probe.path, probe.taken, unreachable, 'unconnected')).toBe(true);
    expect(paths.note(probe.path, 'unconnected', 1)).toBe('suspended');
    paths.ended(probe.path);
    expect(await next()).toMatchObject(relayed);
  });
});

describe('a path without the TLS that its mail must have', () => {
  it('keeps its mail from the fallback until something else is in the way', async () => {
    const path = paths.get(SITE, A);
    const { taken } = await next();
    const noTls: Outcome = { ...unreachable, stage: 'tls' };
    expect(readyQueue.ended(path, taken, noTls, 'kept')).toBe(false);
    paths.note(path, 'kept', 1);
    paths.resume(path);
    expect(await next()).toMatchObject(direct);
    // Behind the probe, not round it.
    expect(await next()).toMatchObject(direct);
    paths.note(path, 'unconnected', 1);
    expect(await next()).toMatchObject(relayed);
  });
});

describe('a blocked port', () => {
  it('is not made of sites that some host of which could be connected to', async () => {
    const { taken } = await next();
    for (const [site, reach] of [
      ['a.test', 'unconnected'],
      ['b.test', 'unconnected'],
      ['c.test', 'kept'],
      ['d.test', 'unreached'],
    ] as const)
      readyQueue.ended(paths.get(site, A), taken, unreachable, reach);
    expect(await next()).toMatchObject(direct);
  });

  it('sends everything to the fallback but one delivery a minute, until that gets through', async () => {
    const { taken } = await next();
    for (const site of ['a.test', 'b.test', 'c.test']) readyQueue.ended(paths.get(site, A), taken, unreachable, 'unconnected');
    expect(await next()).toMatchObject(relayed);
    now += MINUTE;
    const probe = await next();
    expect(probe).toMatchObject(direct);
    expect(await next()).toMatchObject(relayed);
    const through: Outcome = { ...unreachable, kind: 'delivered', reply: { code: 250, enhancedCode: '', text: 'ok' } };
    expect(readyQueue.ended(probe.path, probe.taken, through, 'reached')).toBe(false);
    expect(await next()).toMatchObject(direct);
  });
});
