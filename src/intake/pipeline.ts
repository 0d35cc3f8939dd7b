/**
 * The way of every message into the queue, over SMTP and HTTP. The array is the policy: each step gives the draft
 * (changed or not) or the refusal that ends it. The loop logs, leaves a `rejected` event, and stops.
 */
import { Refusal } from '#core';
import type { Draft } from './draft/draft.js';
import type { IntakeContext, IntakeStep } from './draft/step.js';
import { checkBatchAuthors, checkSender, clarifyAuthors } from './steps/check-authors.js';
import { checkDailyLimit, checkDomain } from './steps/check-domain.js';
import { checkArchiveUrl, checkSchedule, checkSecondaryDkim, checkSources } from './steps/check-options.js';
import { checkSealed } from './steps/check-sealed.js';
import { commit } from './steps/commit.js';
import { completeHead } from './steps/complete-head.js';
import { fillTemplate } from './steps/fill-template.js';
import { findAttachments } from './steps/find-attachments.js';
import { lint } from './steps/lint.js';
import { makeBatch } from './steps/make-batch.js';
import { noteIdle, readOptions } from './steps/read-options.js';
import { readRecipientVariables } from './steps/read-recipient-variables.js';
import { showVariables } from './steps/show-variables.js';
import { addTrace, checkHops } from './steps/trace.js';

const PIPELINE: readonly { name: string; step: IntakeStep }[] = [
  { name: 'check-domain', step: checkDomain },
  { name: 'check-hops', step: checkHops },
  { name: 'read-recipient-variables', step: readRecipientVariables },
  { name: 'read-options', step: readOptions },
  { name: 'check-schedule', step: checkSchedule },
  { name: 'check-secondary-dkim', step: checkSecondaryDkim },
  { name: 'check-sources', step: checkSources },
  { name: 'check-archive-url', step: checkArchiveUrl },
  { name: 'fill-template', step: fillTemplate },
  { name: 'clarify-authors', step: clarifyAuthors },
  { name: 'check-sender', step: checkSender },
  { name: 'complete-head', step: completeHead },
  { name: 'show-variables', step: showVariables },
  { name: 'make-batch', step: makeBatch },
  { name: 'check-batch-authors', step: checkBatchAuthors },
  { name: 'check-sealed', step: checkSealed },
  { name: 'find-attachments', step: findAttachments },
  { name: 'note-idle', step: noteIdle },
  { name: 'lint', step: lint },
  { name: 'add-trace', step: addTrace },
  { name: 'check-daily-limit', step: checkDailyLimit },
  { name: 'commit', step: commit },
];

/** Gives the committed draft, or throws the refusal of the step that stopped it. */
export async function runPipeline(start: Draft, context: IntakeContext): Promise<Draft> {
  let draft = start;
  for (const { name, step } of PIPELINE) {
    const given = step(draft, context);
    // Most steps have nothing to wait for.
    const result = given instanceof Promise ? await given : given;
    if (result instanceof Refusal) {
      context.logger.debug({ step: name, code: result.smtpCode, reason: result.reason ?? result.publicText }, 'message stopped');
      await context.rejections.note(draft, result);
      throw result;
    }
    draft = result;
  }
  return draft;
}
