/** Keeps what an attempt leaves beside its outcome: the transcript, for the operator, and the copy for the URL of `o:archive-to`. */
import type { Logger } from 'pino';
import { recipientStorageKey } from '#core';
import type { TranscriptLog } from '#events';
import type { CallQueue } from '#webhooks';
import type { AttemptResult, AttemptTask } from '../attempt/boundary.js';

export interface KeepRecordsDeps {
  /** POSTs what `o:archive-to` asks for. */
  calls: Pick<CallQueue, 'put'>;
  /** Told what was said to peers; must not wait and not throw. */
  transcripts: Pick<TranscriptLog, 'note'> | undefined;
  logger: Logger;
}

/** `startedAt`: when the attempt began, ms since the epoch. Undefined: nothing is to be waited for. Never rejects: the mail was delivered. */
export type KeepRecords = (task: AttemptTask, startedAt: number, result: AttemptResult) => Promise<void> | undefined;

export function makeKeepRecords({ calls, transcripts, logger }: KeepRecordsDeps): KeepRecords {
  function noteTranscript({ delivery, message }: AttemptTask, startedAt: number, outcome: AttemptResult['outcome'], text: string): void {
    if (outcome.kind === 'released') return;
    const { account, id, recipient, attempts } = delivery;
    const { messageId } = message.facts.headers;
    const fields = { account, delivery: id, messageId, recipient, attempt: attempts + 1, at: startedAt, outcome: outcome.kind };
    transcripts?.note({ ...fields, text });
  }

  /**
   * Before the delivery is settled: a crash in between delivers and keeps it again, and the copy is sent once, because its id is made of a key of the
   * delivery that no other spool gives again.
   */
  async function keepCopy({ delivery, message }: AttemptTask, url: string, body: Uint8Array): Promise<void> {
    const id = `archive ${recipientStorageKey(message.facts.storageKey, delivery.id)}`;
    try {
      await calls.put({ id, account: message.account, url, contentType: 'application/mime', body });
    } catch (err) {
      logger.error({ err, delivery: delivery.id }, 'the copy of a delivered message could not be kept');
    }
  }

  return (task, startedAt, { outcome, transcript, copy }) => {
    if (transcript !== undefined) noteTranscript(task, startedAt, outcome, transcript);
    const { archiveTo } = task.message.options;
    return copy === undefined || archiveTo === undefined ? undefined : keepCopy(task, archiveTo, copy);
  };
}
