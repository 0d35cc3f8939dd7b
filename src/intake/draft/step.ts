/** What a step of the pipeline is given and gives. */
import type { Logger } from 'pino';
import type { Clock, IdSource, Refusal } from '#core';
import type { Directory, NoteIdle } from '#directory';
import type { Recorder } from '#events';
import type { Queue } from '#queue';
import type { SpoolStore } from '#store';
import type { Workers } from '#workers';
import type { DailyUsage } from './daily-usage.js';
import type { Draft } from './draft.js';
import type { OwnTrace } from './own-trace.js';
import type { PreferredSendTime } from './preferred-send-time.js';
import type { Rejections } from './rejections.js';

/** What the operator allows. */
export interface IntakeLimits {
  tagsPerMessage: number;
  /** URLs of customers may lead to loopback and private addresses. */
  privateUrls: boolean;
}

export interface IntakeContext {
  directory: Pick<Directory, 'accounts' | 'dkimKeys' | 'domains' | 'sendingIps' | 'templates'>;
  queue: Pick<Queue, 'put'>;
  /** A body that a step makes anew takes the place of the draft's; whoever runs the pipeline sees to what is no longer used. */
  spool: Pick<SpoolStore, 'openBody' | 'newBody'>;
  recorder: Recorder;
  usage: DailyUsage;
  workers: Pick<Workers, 'run'>;
  rejections: Rejections;
  clock: Clock;
  ids: IdSource;
  hostname: string;
  ownTrace: OwnTrace;
  limits: IntakeLimits;
  preferredSendTime: PreferredSendTime;
  noteIdle: NoteIdle;
  logger: Logger;
}

/** The draft, changed or not, or the refusal that ends it; throws StoreError only. */
export type IntakeStep = (draft: Draft, context: IntakeContext) => Draft | Refusal | Promise<Draft | Refusal>;
