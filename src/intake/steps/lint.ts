/** Looks the message over for its sender, when that was asked for (`o:lint`): advice, never a refusal. */
import { idleSettings } from '#directory';
import { joinHead, type LintWarning } from '#mail';
import { TaskFailure } from '#workers';
import type { Draft } from '../draft/draft.js';
import type { IntakeContext, IntakeStep } from '../draft/step.js';
import { idleOptions } from '../options/idle-options.js';

export const lint: IntakeStep = async (draft, context) =>
  draft.requested.lint === true ? { ...draft, warnings: await warningsFor(draft, context) } : draft;

async function warningsFor(draft: Draft, { spool, workers }: IntakeContext): Promise<LintWarning[]> {
  const { domain, recipients, method } = draft.submission;
  const { dkim, secondaryDkim, secondaryDkimPublic } = draft.options;
  const second = secondaryDkimPublic ?? secondaryDkim;
  const context = {
    signingDomains: dkim ? [domain.name, ...(second === undefined ? [] : [second.domain])] : [],
    isBulk: recipients.length > 1,
    idleOptions: idleOptions(method, draft.requested),
    idleSettings: idleSettings(domain),
  };
  const pieces: Uint8Array[] = [];
  for await (const piece of spool.openBody(draft.body)) pieces.push(piece);
  try {
    return await workers.run('lint', { head: joinHead(draft.head), body: Buffer.concat(pieces), context }, draft.size);
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    return [{ rule: 'too-complex', message: `The message was not looked at. ${error.message}` }];
  }
}
