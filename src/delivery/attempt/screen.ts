/** Ends the deliveries that need no connection: given up because they brought the server down, too old, sent in test mode, or of a domain that its owner deleted. */
import { type Clock, ownReply } from '#core';
import { tooOld } from '#queue';
import { delivered, failed } from './end-attempt.js';
import type { AttemptStep } from './step.js';

// Space, angle brackets, controls and line separators never get this far (parseAddress), and must never go out as a command.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const UNSAFE_IN_COMMAND = /[\u0000-\u0020<>\u007f-\u009f\u2028\u2029]/;

const POISONOUS = 'The message could not be processed: the server ended three times while it worked on it';

export function makeScreen({ clock }: { clock: Clock }): AttemptStep {
  return {
    name: 'screen',
    run(attempt) {
      const { delivery, domain, message, limits } = attempt;
      if (limits.isPoisonous) return failed(attempt, 'local', ownReply(554, '5.3.0', POISONOUS));
      if (clock.now() >= message.expiresAt) return tooOld(delivery);
      if (domain === undefined || domain.account !== message.account) {
        return failed(attempt, 'local', ownReply(550, '5.1.8', `Sending domain ${message.domain} was deleted`), 'generic');
      }
      if (message.options.testMode) return delivered(attempt, { code: 650, enhancedCode: '', text: 'Message was sent in test mode' });
      if (isUnsafe(message.sender) || isUnsafe(delivery.recipient)) {
        return failed(attempt, 'local', ownReply(553, '5.1.3', 'Address cannot be written in an SMTP command'), 'generic');
      }
      return 'next';
    },
  };
}

/** A quoted local part may hold spaces (RFC 5321 4.1.2); everything else that is unsafe is so in quotes too. */
const isUnsafe = (address: string) => UNSAFE_IN_COMMAND.test(address.startsWith('"') ? address.replaceAll(' ', '') : address);
