/** Answers to what the server has taken on. */
import { randomHexId } from '#core';
import type { Accepted } from '#intake';
import type { StartedAnswer } from '../contract/ip-answers.js';

/** For a message that is queued, which means durable (clients.md 1.1). */
export const presentAccepted = ({ messageId, warnings }: Accepted) => ({
  id: `<${messageId}>`,
  message: 'Queued. Thank you.',
  ...(warnings === undefined ? {} : { warnings }),
});

/** For what Mailgun does in the background. Here it is done already, so the number leads nowhere. */
export const presentStarted = (): StartedAnswer => ({ message: 'started', reference_id: randomHexId() });
