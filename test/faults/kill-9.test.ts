/**
 * The process is killed with -9 again and again while mail comes in over both doors and goes out. Three ledgers, each kept by another process, say what
 * became of it: what was acknowledged is delivered, what was delivered was sent by somebody, and a mail goes out twice only across a crash.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
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
/** What may be between the sink's 250 and our commit at a crash: one message per connection to a destination. */
const IN_FLIGHT = 20;
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
  const sink = startHelper('sink', ledger('delivered'));
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

const keysOf = (lines: LedgerLine[]) => lines.map(({ recipient }) => recipient);

/** Duplicates, each with the times of its deliveries. */
function repeated(delivered: LedgerLine[]): { recipient: string; times: number[] }[] {
  const times = new Map<string, number[]>();
  for (const { recipient, at } of delivered) times.set(recipient, [...(times.get(recipient) ?? []), at]);
  return [...times].flatMap(([recipient, found]) => (found.length > 1 ? [{ recipient, times: found }] : []));
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
  }
  submitter.stdin?.write('stop\n');
  await once(submitter, 'exit');
  await waitFor(async () => (await server.api('GET', '/mailwagon/v1/queue')).body.items.length === 0, {
    timeoutMs: 60_000,
    what: 'an empty queue',
  });

  const [tried, accepted, delivered] = [read('tried'), read('accepted'), read('delivered')];
  const [triedKeys, deliveredKeys] = [new Set(keysOf(tried)), new Set(keysOf(delivered))];
  const lost = keysOf(accepted).filter((key) => !deliveredKeys.has(key));
  const ghosts = [...deliveredKeys].filter((key) => !triedKeys.has(key));
  const duplicates = repeated(delivered);
  console.log(
    `${CRASHES} crashes: tried ${tried.length}, acknowledged ${accepted.length}, delivered ${deliveredKeys.size}, ` +
      `lost ${lost.length}, ghosts ${ghosts.length}, sent twice ${duplicates.length}`,
  );
  expect(accepted.length).toBeGreaterThanOrEqual(MESSAGES);
  expect(lost).toEqual([]);
  expect(ghosts).toEqual([]);
  expect(duplicates.length).toBeLessThanOrEqual(CRASHES * IN_FLIGHT);
  for (const { times } of duplicates) {
    const between = crashes.filter((crash) => times.some((at) => at <= crash) && times.some((at) => at > crash));
    const around = times.map((at) => crashes.map((crash) => at - crash).filter((ms) => Math.abs(ms) < 3000));
    expect(between.length, `sent at ${times}, ms since the crashes around: ${JSON.stringify(around)}`).toBeGreaterThanOrEqual(
      times.length - 1,
    );
  }
  await checkEvents(server, deliveredKeys);
  expect(await server.stop()).toBe(0);
  for (const name of ['directory', 'spool', 'events']) checkDatabase(join(server.dataDir, `${name}.db`));
});

/** Every delivered recipient has one accepted and one delivered event, and there are no others. */
async function checkEvents(server: Parameters<typeof allEvents>[0], delivered: Set<string>): Promise<void> {
  const events = await waitFor(async () => {
    const all = await allEvents(server, 'src.test');
    return all.length >= 2 * delivered.size && all;
  });
  const of = (name: string) => events.filter(({ event }: WireEvent) => event === name).map(({ recipient }) => recipient);
  expect(of('accepted').sort()).toEqual([...delivered].sort());
  expect(of('delivered').sort()).toEqual([...delivered].sort());
  expect(events).toHaveLength(2 * delivered.size);
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
