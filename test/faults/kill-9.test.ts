/**
 * The process is killed with -9 again and again while mail comes in over both doors and goes out. Three ledgers, each kept by another process, say what
 * became of it: what was acknowledged is delivered, what was delivered was sent by somebody, and a mail goes out twice only when it was the last one on
 * a connection that a crash cut off. Some of the mail is put off by the sink at first, some is so large that it is kept as a file.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { expect, onTestFailed, onTestFinished, test, vi } from 'vitest';
import { addDomain, allEvents, type WireEvent } from '../scenarios/support/world.js';
import { startFakeDns } from '../support/fake-dns.mjs';
import { freePorts } from '../support/free-port.mjs';
import { makeMailwagon } from '../support/mailwagon-process.mjs';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { type LedgerLine, readLedger } from './support/ledger.mjs';

const CRASHES = Number(process.env.MAILWAGON_TEST_CRASHES ?? 100);
/** Of a crash with the start after it, on a busy machine. */
const CRASH_MS = 15_000;
vi.setConfig({ testTimeout: 180_000 + CRASHES * CRASH_MS });
const MESSAGES = 10 * CRASHES;
/** Nothing is sent by a process this young; what the sink writes down until then came from the one before, whose last bytes it was still reading. */
const BOOT_MS = 150;

/** Starts a helper process that ends with the test. */
function startHelper(script: string, argument: string): ChildProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL(`support/${script}.mjs`, import.meta.url)), argument], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

async function openFaultyWorld() {
  const folder = tempDir('mailwagon-faults-');
  const ledger = (name: string) => join(folder.path, `${name}.jsonl`);
  const sink = startHelper('sink', JSON.stringify({ delivered: ledger('delivered'), deferred: ledger('deferred') }));
  const [line] = sink.stdout === null ? [''] : await once(sink.stdout, 'data');
  const dns = await startFakeDns({
    'dst.test': { MX: [{ preference: 10, exchange: 'mx.dst.test' }] },
    'mx.dst.test': { A: ['127.0.0.1'] },
  });
  const [smtp = 0, http = 0] = await freePorts(2);
  const server = makeMailwagon({
    folder: folder.path,
    config: {
      listen: { smtp: [`127.0.0.1:${smtp}`], smtps: [], http: [`127.0.0.1:${http}`] },
      dns: { servers: [dns.address] },
      delivery: { port: Number(line), allowPrivateNetworks: true },
      limits: { unverifiedDomainPerDay: null },
    },
  });
  onTestFailed(() => console.error(server.logText().split('\n').slice(-20).join('\n')));
  onTestFinished(async () => {
    await server.kill();
    await dns.close();
    folder.cleanup();
  });
  const { apiKey } = await server.init();
  await server.start();
  const { login, password } = await addDomain(server, 'src.test');
  const submitter = startHelper(
    'submitter',
    JSON.stringify({ name: 'm', smtp, http, apiKey, login, password, tried: ledger('tried'), accepted: ledger('accepted') }),
  );
  return { server, submitter, read: (name: string) => readLedger(ledger(name)) };
}

type Mailwagon = Parameters<typeof allEvents>[0];

interface DeliveredLine extends LedgerLine {
  session: string;
  /** Of the messages on that session, from 1. */
  turn: number;
}

const keysOf = (lines: LedgerLine[]) => lines.map(({ recipient }) => recipient);

/** Duplicates, each with its deliveries in order. */
function repeated(delivered: DeliveredLine[]): DeliveredLine[][] {
  const found = new Map<string, DeliveredLine[]>();
  for (const line of delivered) found.set(line.recipient, [...(found.get(line.recipient) ?? []), line]);
  return [...found.values()].filter((lines) => lines.length > 1);
}

/**
 * What was in flight at a crash is the last message of each connection: a lane sends the next one when the last is on the disk. So nothing but
 * that may be delivered again, and only if a crash came in between.
 */
function checkDuplicates(delivered: DeliveredLine[], crashes: number[]): void {
  const last = new Map<string, number>();
  for (const { session, turn } of delivered) last.set(session, Math.max(turn, last.get(session) ?? 0));
  for (const lines of repeated(delivered)) {
    const times = lines.map(({ at }) => at);
    const around = times.map((at) => crashes.map((crash) => at - crash).filter((ms) => Math.abs(ms) < 3000));
    const what = `${lines[0]?.recipient} sent at ${times}, ms since the crashes around: ${JSON.stringify(around)}`;
    for (const [index, { session, turn, at }] of lines.slice(0, -1).entries()) {
      const next = times[index + 1] ?? 0;
      expect(
        crashes.some((crash) => at <= crash && crash < next),
        what,
      ).toBe(true);
      expect(turn, `${what}; it was not the last of its connection`).toBe(last.get(session));
    }
  }
}

/** Makes what was put off due. The queue can be asked for nothing while it starts. */
async function retryAll(server: Mailwagon): Promise<void> {
  const { status } = await server.api('POST', '/mailwagon/v1/queue/retry', { form: { all: 'yes' } });
  expect(status).toBe(200);
}

test(`${CRASHES} crashes under load lose nothing`, async () => {
  const { server, submitter, read } = await openFaultyWorld();
  const crashes: number[] = [];
  while (crashes.length < CRASHES) {
    const enough = Math.ceil(((crashes.length + 1) * MESSAGES) / CRASHES);
    await waitFor(() => read('accepted').length >= enough, { timeoutMs: 30_000, what: `${enough} accepted messages` });
    await sleep(Math.random() * 300);
    await server.kill();
    crashes.push(Date.now() + BOOT_MS);
    await server.start();
    await retryAll(server);
  }
  submitter.stdin?.write('stop\n');
  await once(submitter, 'exit');
  const isEmpty = async () => {
    await retryAll(server);
    return (await server.api('GET', '/mailwagon/v1/queue')).body.items.length === 0;
  };
  await waitFor(isEmpty, { timeoutMs: 60_000, intervalMs: 200, what: 'an empty queue' });

  const [tried, accepted, delivered, deferred] = [read('tried'), read('accepted'), read('delivered') as DeliveredLine[], read('deferred')];
  const [triedKeys, deliveredKeys] = [new Set(keysOf(tried)), new Set(keysOf(delivered))];
  const lost = keysOf(accepted).filter((key) => !deliveredKeys.has(key));
  const ghosts = [...deliveredKeys].filter((key) => !triedKeys.has(key));
  const large = new Set(accepted.filter(({ isLarge }) => isLarge).map(({ token }) => token));
  console.log(
    `${CRASHES} crashes: tried ${tried.length}, acknowledged ${accepted.length}, delivered ${deliveredKeys.size}, ` +
      `lost ${lost.length}, ghosts ${ghosts.length}, sent twice ${repeated(delivered).length}, put off ${deferred.length} times, large ${large.size}`,
  );
  expect(accepted.length).toBeGreaterThanOrEqual(MESSAGES);
  expect(lost).toEqual([]);
  expect(ghosts).toEqual([]);
  checkDuplicates(delivered, crashes);
  expect(deferred.length).toBeGreaterThanOrEqual(CRASHES);
  expect(large.size).toBeGreaterThanOrEqual(CRASHES / 2);
  // In sub-folders, of which there are fewer.
  const bodies = readdirSync(join(server.dataDir, 'spool'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(bodies.length).toBeGreaterThanOrEqual(large.size);
  await checkEvents(server, deliveredKeys, keysOf(deferred));
  expect(await server.stop()).toBe(0);
  for (const name of ['directory', 'spool', 'events']) checkDatabase(join(server.dataDir, `${name}.db`));
});

function countOf(names: (string | undefined)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name ?? '', (counts.get(name ?? '') ?? 0) + 1);
  return counts;
}

/** Every delivered recipient has one accepted and one delivered event, none has more temporary failures than the sink told of, and there are no others. */
async function checkEvents(server: Mailwagon, delivered: Set<string>, deferred: string[]): Promise<void> {
  const isEnd = ({ event }: WireEvent) => event !== 'failed';
  const events = await waitFor(async () => {
    const all = await allEvents(server, 'src.test');
    return all.filter(isEnd).length >= 2 * delivered.size && all;
  });
  const of = (name: string) => events.filter(({ event }) => event === name).map(({ recipient }) => recipient);
  expect(of('accepted').sort()).toEqual([...delivered].sort());
  expect(of('delivered').sort()).toEqual([...delivered].sort());
  expect(events.filter(isEnd)).toHaveLength(2 * delivered.size);
  expect(events.every(({ event, severity }) => event !== 'failed' || severity === 'temporary')).toBe(true);
  const told = countOf(deferred);
  const noted = countOf(of('failed'));
  expect(noted.size).toBeGreaterThan(0);
  for (const [recipient, failures] of noted) expect(failures, recipient).toBeLessThanOrEqual(told.get(recipient) ?? 0);
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
}

function checkDatabase(file: string): void {
  const database = new Database(file, { readonly: true });
  try {
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(database.pragma('foreign_key_check')).toEqual([]);
  } finally {
    database.close();
  }
}
