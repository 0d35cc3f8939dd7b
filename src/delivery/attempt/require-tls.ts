/** Sets how much encryption this message needs on its way; the decision is `decide-tls.ts`. */
import { decideTls } from '#routing';
import type { AttemptStep } from './step.js';

export const requireTls: AttemptStep = {
  name: 'decide-tls',
  run(attempt) {
    attempt.tls = decideTls(attempt.message.options, attempt.transport, attempt.siteTls);
    return 'next';
  },
};
