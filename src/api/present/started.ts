/** The answer to what Mailgun does in the background: here it is done already, so its number leads nowhere. */
import { randomHexId } from '#core';
import type { StartedAnswer } from '../contract/ip-answers.js';

export const presentStarted = (): StartedAnswer => ({ message: 'started', reference_id: randomHexId() });
