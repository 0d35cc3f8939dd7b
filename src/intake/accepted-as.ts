/** What a door is told of a committed message. Pure. */
import type { Draft } from './draft.js';
import type { Accepted } from './submission.js';

export const acceptedAs = ({ messageId, warnings }: Draft): Accepted => (warnings === undefined ? { messageId } : { messageId, warnings });
