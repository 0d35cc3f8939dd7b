/**
 * Acknowledged means on the disk. A kill cannot show that (the kernel keeps what was written), so the system calls are counted: between the end of a
 * message and its acknowledgement lies a completed sync of the spool's log that began after the message was written to it. On the second start, because
 * SQLite reopens a log with weaker settings than it makes one.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openWorld } from '../scenarios/support/world.js';
import { openDialog } from '../support/smtp-dialog.mjs';

const MESSAGES = 10;
const TRACED = 'trace=read,readv,recvfrom,write,writev,sendto,sendmsg,pwrite64,fdatasync,fsync';

/** Why the system calls of a process cannot be seen here; undefined when they can. */
function cannotTrace(): string | undefined {
  const { error, status, stderr } = spawnSync('strace', ['-o', '/dev/null', 'true'], { encoding: 'utf8' });
  if (error) return 'strace is not installed';
  return status === 0 ? undefined : `strace cannot trace here: ${stderr.trim()}`;
}

/** What matters in the trace, in order. */
type Step = 'message ends' | 'log written' | 'log synced' | 'acknowledged';

/** Reads strace's lines; a call that other threads interrupted counts where it ends. */
function stepsOf(trace: string, ends: RegExp, acknowledges: RegExp): Step[] {
  const begun = new Map<string, string>();
  return trace.split('\n').flatMap((line): Step[] => {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (text.endsWith('<unfinished ...>')) {
      begun.set(thread, text);
      // What goes to a socket is out of our hands when the call begins.
      return isWrite(text) && acknowledges.test(text) ? ['acknowledged'] : [];
    }
    const isResumed = text.startsWith('<...');
    const whole = isResumed ? `${begun.get(thread) ?? ''} ${text}` : text;
    begun.delete(thread);
    if (/^(?:fdatasync|fsync)\(\d+<[^>]*spool\.db-wal>/.test(whole)) return whole.endsWith('= 0') ? ['log synced'] : [];
    if (/^pwrite64\(\d+<[^>]*spool\.db-wal>/.test(whole)) return ['log written'];
    if (/^(?:read|readv|recvfrom)\(/.test(whole) && ends.test(whole)) return ['message ends'];
    return !isResumed && isWrite(whole) && acknowledges.test(whole) ? ['acknowledged'] : [];
  });
}

const isWrite = (text: string) => /^(?:write|writev|sendto|sendmsg)\(/.test(text);

/** The steps between the end of each message and its acknowledgement. */
function acknowledgements(steps: Step[]): Step[][] {
  const found: Step[][] = [];
  let since: Step[] = [];
  for (const step of steps) {
    if (step === 'message ends') since = [];
    else if (step === 'acknowledged') found.push(since);
    else since.push(step);
  }
  return found;
}

async function sendOverSmtp(port: number): Promise<void> {
  const dialog = await openDialog({ port });
  await dialog.expect('220');
  await dialog.command('EHLO client.test', '250');
  for (let index = 0; index < MESSAGES; index++) {
    await dialog.command('MAIL FROM:<a@src.test>', '250');
    await dialog.command('RCPT TO:<b@dst.test>', '250');
    await dialog.command('DATA', '354');
    dialog.sendRaw(`From: a@src.test\r\nSubject: ${index}\r\n\r\nend of message ${index}\r\n.\r\n`);
    await dialog.expect(/^250 2\.0\.0 Ok: queued/);
  }
  await dialog.close();
}

test('every acknowledgement, over either door, comes after its sync', async ({ skip }) => {
  const reason = cannotTrace();
  if (reason !== undefined) return skip(reason);
  let trace: string | undefined;
  const world = await openWorld({
    config: { trustedNetworks: ['127.0.0.0/8'] },
    // Nothing is delivered meanwhile, so that every sync seen is one of accepting.
    zones: { 'dst.test': 'timeout' },
    wrap: (command) => (trace === undefined ? command : ['strace', '-f', '-y', '-s', '400', '-e', TRACED, '-o', trace, ...command]),
  });
  expect(await world.server.stop()).toBe(0);
  trace = join(world.folder, 'trace');
  await world.server.start();
  await sendOverSmtp(world.server.addresses.smtp[0] ?? 0);
  for (let index = 0; index < MESSAGES; index++) await world.send({ to: 'b@dst.test', text: `end of message ${index}` });
  expect(await world.server.stop()).toBe(0);

  const text = readFileSync(trace, 'utf8');
  const doors = [
    stepsOf(text, /end of message \d+\\r\\n\.\\r\\n/, /250 2\.0\.0 Ok: queued/),
    stepsOf(text, /end of message \d+\\r\\n--/, /Queued\. Thank you/),
  ];
  for (const steps of doors) {
    const acknowledged = acknowledgements(steps);
    expect(acknowledged).toHaveLength(MESSAGES);
    for (const before of acknowledged) {
      const written = before.indexOf('log written');
      expect(written).toBeGreaterThanOrEqual(0);
      expect(before.indexOf('log synced', written), before.join(', ')).toBeGreaterThan(written);
    }
  }
});
