/**
 * Keeps a copy of what was delivered, byte for byte, for the URL of `o:archive-to`. Kept before the delivery is settled: a crash in between delivers
 * and keeps it again, and the copy, which goes by a key of the delivery that no other spool gives again, is sent once.
 */
import type { Logger } from 'pino';
import { recipientStorageKey } from '#core';
import { wireBytes } from './send.js';
import type { Attempt } from './step.js';

/** A POST that is durable when it resolves. */
export type KeepCall = (call: { id: string; account: number; url: string; contentType: string; body: Uint8Array }) => Promise<void>;

/** Never rejects: the mail was delivered, whatever becomes of its copy. */
export function makeArchiveCopy({ put, logger }: { put: KeepCall; logger: Logger }): (attempt: Attempt) => Promise<void> {
  return async (attempt) => {
    const { message, delivery } = attempt;
    const url = message.options.archiveTo;
    if (url === undefined) return;
    try {
      const body = await wireBytes(attempt);
      await put({
        id: `archive ${recipientStorageKey(message.facts.storageKey, delivery.id)}`,
        account: message.account,
        url,
        contentType: 'application/mime',
        body,
      });
    } catch (err) {
      logger.error({ err, delivery: delivery.id }, 'the copy of a delivered message could not be kept');
    }
  };
}
