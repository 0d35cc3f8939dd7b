/** Tells those who give out lanes how far the messages of running attempts have come. An attempt that is over within a moment is never told of. */
import type { Stage } from '#core';
import type { ClientSession } from '#smtp-client';
import { type AttemptListener, type AttemptProgress, type GiveUp, REPORT_EVERY } from './boundary.js';

type WatchedSession = Pick<ClientSession, 'stage' | 'progress' | 'giveUp'>;

export interface ProgressReports {
  /** The attempt uses the session that `session` gives, if any. */
  begin(delivery: number, session: () => WatchedSession | undefined): void;
  end(delivery: number): void;
  /** Does nothing when the message has come further since. */
  giveUp(order: GiveUp): void;
}

interface Running {
  readonly session: () => WatchedSession | undefined;
  /** As it was told last. */
  stage: Stage | undefined;
  progress: string;
  isOver: boolean;
}

export function makeProgressReports(onProgress: AttemptListener['onProgress']): ProgressReports {
  const running = new Map<number, Running>();
  let timer: NodeJS.Timeout | undefined;

  function report(): void {
    const changes: AttemptProgress[] = [];
    for (const [delivery, attempt] of running) {
      const { stage, progress = '' } = (attempt.isOver ? undefined : attempt.session()) ?? {};
      if (attempt.isOver) running.delete(delivery);
      if (stage === attempt.stage && progress === attempt.progress) continue;
      Object.assign(attempt, { stage, progress });
      changes.push({ delivery, stage, progress });
    }
    onProgress(changes);
    stopIfIdle();
  }

  function stopIfIdle(): void {
    if (running.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    begin(delivery, session) {
      running.set(delivery, { session, stage: undefined, progress: '', isOver: false });
      timer ??= setInterval(report, REPORT_EVERY).unref();
    },
    end(delivery) {
      const attempt = running.get(delivery);
      if (attempt === undefined) return;
      attempt.isOver = true;
      // Nobody waits to hear of its end.
      if (attempt.stage === undefined) running.delete(delivery);
      stopIfIdle();
    },
    giveUp({ delivery, progress, text }) {
      const attempt = running.get(delivery);
      const session = attempt?.isOver === false ? attempt.session() : undefined;
      if (session?.progress === progress) session.giveUp(text);
    },
  };
}
