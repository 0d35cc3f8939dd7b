/** Stops a message that goes in circles (RFC 5321 6.3). */
import { Refusal } from '#core';
import type { Step } from '../step.js';

const MAX_HOPS = 50;

export const checkHops: Step = (draft) => {
  const hops = draft.head.filter((field) => field.lowerName === 'received').length;
  if (hops <= MAX_HOPS) return draft;
  return new Refusal({ smtpCode: 554, enhancedCode: '5.4.6', httpStatus: 400, text: 'Too many hops: the message is looping' });
};
