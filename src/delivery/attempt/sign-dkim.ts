/** Signs the message as it will be sent. */
import { makeSignMessage, type SignDeps } from '#messages';
import type { AttemptStep, StepResult } from './step.js';

export const SIGN_DKIM = 'sign-dkim';

export function makeSignDkim(deps: SignDeps): AttemptStep {
  const signMessage = makeSignMessage(deps);
  return {
    name: SIGN_DKIM,
    worksOnMessage: true,
    async run(attempt): Promise<StepResult> {
      const { message, rendered, domain } = attempt;
      if (message.options.dkim && domain !== undefined) attempt.signature = await signMessage(message, rendered, domain);
      return 'next';
    },
  };
}
