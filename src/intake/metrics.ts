/** Numbers about mail that comes in: what was accepted and refused, and whether there is room for more. */
import { refusalFrom } from '#core';
import type { Registry } from '#metrics';
import type { Intake } from './draft/submission.js';
import type { Pressure } from './pressure/pressure.js';

/** The intake, counting what becomes of each submission. */
export function countAccepted(registry: Registry, intake: Intake): Intake {
  const messages = registry.counters({
    name: 'mailwagon_accepted_messages_total',
    help: 'Messages committed to the queue, by the door they came through.',
    labels: ['method'],
  });
  const recipients = registry.counters({
    name: 'mailwagon_accepted_recipients_total',
    help: 'Recipients of accepted messages.',
    labels: ['method'],
  });
  const refused = registry.counters({
    name: 'mailwagon_refused_messages_total',
    help: 'Messages refused after they were sent to us whole or in part, by SMTP code.',
    labels: ['method', 'code'],
  });
  return {
    ...intake,
    async accept(submission) {
      const { method } = submission;
      try {
        const accepted = await intake.accept(submission);
        messages.with(method).add();
        recipients.with(method).add(submission.recipients.length);
        return accepted;
      } catch (error) {
        refused.with(method, String(refusalFrom(error).smtpCode)).add();
        throw error;
      }
    },
  };
}

export function addIntakeMetrics(registry: Registry, pressure: Pick<Pressure, 'state'>): void {
  const accepting = registry.gauge({ name: 'mailwagon_accepting', help: '1 while mail is taken in, 0 while disk or memory forbid it.' });
  const free = registry.gauge({ name: 'mailwagon_disk_free_bytes', help: 'Free space for the data folder.' });
  const floor = registry.gauge({ name: 'mailwagon_disk_floor_bytes', help: 'Free space below which no mail is taken in.' });
  const wal = registry.gauge({ name: 'mailwagon_store_wal_bytes', help: 'Size of the write-ahead logs.' });
  registry.collect('intake', [accepting, free, floor, wal], () => {
    const { accepting: isAccepting, disk } = pressure.state();
    accepting.set(isAccepting ? 1 : 0);
    if (disk === undefined) for (const gauge of [free, floor, wal]) gauge.replace([]);
    else {
      free.set(disk.free);
      floor.set(disk.floor);
      wal.set(disk.walBytes);
    }
  });
}
