/** What dispatcher and attempts say to each other is data. Every test that uses the harness runs over this boundary; here it is looked at itself. */
import { afterEach, describe, expect, it } from 'vitest';
import type { AttemptProgress } from '#delivery/attempt/boundary.js';
import { makeProgressReports } from '#delivery/attempt/report-progress.js';
import { type ScriptedMx, startScriptedMx } from '../../support/scripted-mx.mjs';
import { waitFor } from '../../support/wait-for.mjs';
import { type Harness, type HarnessOptions, makeHarness } from './support/harness.js';
import { checkData } from './support/posted-attempts.js';

let mx: ScriptedMx | undefined;
let harness: Harness | undefined;

async function start(actions: Parameters<typeof startScriptedMx>[0], options: Omit<HarnessOptions, 'port'> = {}): Promise<Harness> {
  mx = await startScriptedMx(actions);
  harness = makeHarness({ port: mx.port, ...options });
  return harness;
}

afterEach(async () => {
  await harness?.delivery.stop(0);
  await mx?.close();
});

describe('a message that is posted', () => {
  it('is told by the harness from one that holds more than data', () => {
    const data = { list: [1, 'two', null, undefined], bytes: Buffer.from('x'), deep: { flag: true } };
    expect(() => checkData(data, 'task')).not.toThrow();
    class Session {
      stage = 'dot';
    }
    const computed = {
      get stage() {
        return 'dot';
      },
    };
    for (const more of [() => undefined, new Session(), new Map(), new Error('x'), computed, Promise.resolve()]) {
      expect(() => checkData({ deep: [more] }, 'task')).toThrow(/^task\.deep\.0/);
    }
  });

  it('goes once in each direction for an attempt, and tells that the message did no harm', async () => {
    const { send, posted } = await start({});
    const settled = await send({}, 'b@dst.test', 'c@dst.test');
    expect(settled.map(({ event }) => event.event)).toEqual(['delivered', 'delivered']);
    expect(posted).toMatchObject({ tasks: 2, results: 2, survived: 2, orders: 0 });
  });

  it('tells how far a message has come that waits for its peer', async () => {
    let answer: (reply: string) => void = () => undefined;
    const slow = new Promise<string>((resolve) => {
      answer = resolve;
    });
    const { put, settledFor, posted } = await start({ script: { dot: () => slow } });
    const deliveries = put();
    await waitFor(() => posted.progress > 1);
    answer('250 ok');
    await settledFor(deliveries);
    expect(posted).toMatchObject({ tasks: 1, results: 1 });
  });

  it('brings the transcript and the copy of what was delivered with the result', async () => {
    const transcripts: { text: string; outcome: string; attempt: number }[] = [];
    const copies: Uint8Array[] = [];
    const options: Omit<HarnessOptions, 'port'> = {
      transcripts: { note: (entry) => void transcripts.push(entry) },
      calls: { put: async ({ body }) => void copies.push(body) },
    };
    const { send } = await start({ script: { rcpt: ['550 no', '250 ok'] } }, options);
    await send({ options: { archiveTo: 'https://archive.example/in' } });
    await send({ options: { archiveTo: 'https://archive.example/in' } });
    expect(transcripts.map(({ outcome, attempt }) => [outcome, attempt])).toEqual([['failed', 1]]);
    expect(transcripts[0]?.text).toContain('S: 550 no');
    expect(copies.map((bytes) => Buffer.from(bytes).toString('latin1'))).toEqual(mx?.messages.map(({ data }) => data.toString('latin1')));
  });

  it('says of a delivery that ended the server too often that it fails unread', async () => {
    const suspects = { isOut: () => true, survived: () => undefined, work: <T>(_row: unknown, run: () => T) => run() };
    const { send, posted } = await start({}, { suspects: suspects as unknown as NonNullable<HarnessOptions['suspects']> });
    const [settled] = await send();
    expect(settled?.event).toMatchObject({ event: 'failed', severity: 'permanent' });
    expect([mx?.connections.total, posted.survived]).toEqual([0, 0]);
  });
});

describe('reports of progress', () => {
  const session = {
    stage: 'dot' as const,
    progress: '1 dot 10',
    texts: [] as string[],
    giveUp: (text: string) => void session.texts.push(text),
  };

  it('name what came further since the last one, and what is over', async () => {
    const told: (readonly AttemptProgress[])[] = [];
    const reports = makeProgressReports((changes) => void told.push(changes));
    reports.begin(7, () => session);
    reports.begin(8, () => undefined);
    await waitFor(() => told.length === 2);
    expect(told).toEqual([[{ delivery: 7, stage: 'dot', progress: '1 dot 10' }], []]);
    reports.end(7);
    await waitFor(() => told.length === 3);
    expect(told[2]).toEqual([{ delivery: 7, stage: undefined, progress: '' }]);
    reports.end(8);
  });

  it('an order to give up holds only while the message has come no further', () => {
    const reports = makeProgressReports(() => undefined);
    reports.begin(7, () => session);
    reports.giveUp({ delivery: 7, progress: '1 data 5', text: 'too late' });
    reports.giveUp({ delivery: 9, progress: '1 dot 10', text: 'not running' });
    reports.giveUp({ delivery: 7, progress: '1 dot 10', text: 'timed out' });
    reports.end(7);
    reports.giveUp({ delivery: 7, progress: '1 dot 10', text: 'over' });
    expect(session.texts).toEqual(['timed out']);
  });
});
