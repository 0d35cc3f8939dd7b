/**
 * Leaves a `rejected` event for a message that was refused for good after it was known who sends it. A client in a loop fills no log: an account
 * has so many of these events a minute, and the server's log says once a minute that there were more. The refusal stands even when the event cannot be written.
 */
import type { Logger } from 'pino';
import { type Clock, MINUTE, type Refusal } from '#core';
import type { Directory } from '#directory';
import type { Recorder } from '#events';
import { firstValue } from '#mail';
import type { SpoolStore } from '#store';
import type { Draft } from './draft.js';
import { headerTexts } from './header-texts.js';

export interface Rejections {
  /** Durable when it resolves, unless the account is over its limit. A temporary refusal leaves no event: the message may still be sent later. Never throws. */
  note(draft: Draft, refusal: Refusal): Promise<void>;
}

export interface RejectionsDeps {
  spool: Pick<SpoolStore, 'putEvents'>;
  directory: Pick<Directory, 'accounts'>;
  recorder: Pick<Recorder, 'rejected'>;
  clock: Clock;
  logger: Logger;
  onEvents: () => void;
}

/** Per account and minute. */
const MAX_REJECTED_PER_MINUTE = 60;

export function makeRejections({ spool, directory, recorder, clock, logger, onEvents }: RejectionsDeps): Rejections {
  let minute = 0;
  const counts = new Map<number, number>();

  function isOverLimit(account: number): boolean {
    const current = Math.floor(clock.monotonic() / MINUTE);
    if (current !== minute) counts.clear();
    minute = current;
    const count = (counts.get(account) ?? 0) + 1;
    counts.set(account, count);
    if (count === MAX_REJECTED_PER_MINUTE + 1) {
      logger.warn({ account }, 'so many messages of this account are refused that not each of them leaves an event');
    }
    return count > MAX_REJECTED_PER_MINUTE;
  }

  return {
    async note(draft, refusal) {
      const { account, domain, isAuthenticated } = draft.submission;
      if (refusal.isTemporary || isOverLimit(account)) return;
      const givenId = /^<?([^<>\s]{1,900})>?$/.exec(firstValue(draft.head, 'message-id') ?? '')?.[1] ?? '';
      try {
        const { publicId: accountId } = await directory.accounts.get(account);
        const event = recorder.rejected({
          account,
          accountId,
          domain: domain.name,
          headers: { ...headerTexts(draft.head), messageId: draft.messageId === '' ? givenId : draft.messageId },
          attachments: draft.attachments,
          size: draft.size,
          tags: draft.tags,
          userVariables: draft.userVariables,
          isAuthenticated,
          isTestMode: draft.options.testMode,
          reason: refusal.publicText,
        });
        await spool.putEvents([event]);
        onEvents();
      } catch (err) {
        logger.error({ err, account }, 'could not record that a message was refused');
      }
    },
  };
}
