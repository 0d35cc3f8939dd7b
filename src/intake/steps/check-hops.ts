/** Stops a message that goes in circles (RFC 5321 6.3). */
import { Refusal } from '#core';
import type { IntakeStep } from '../draft/step.js';

const MAX_HOPS = 50;
/** Mail that a recipient's server forwards to somebody here passes twice, with a list or two in between a few times more. */
const MAX_PASSES = 4;

export const checkHops: IntakeStep = (draft, { ownTrace }) => {
  const received = draft.head.filter((field) => field.lowerName === 'received');
  if (received.length > MAX_HOPS) return looping('Too many hops: the message is looping');
  // No other server's fields are looked through for nothing: most messages have passed nowhere.
  const passes = received.length < MAX_PASSES ? 0 : ownTrace.passes(received.map(({ value }) => value));
  return passes < MAX_PASSES ? draft : looping(`The message is looping: it has passed this server ${passes} times`);
};

const looping = (text: string) => new Refusal({ smtpCode: 554, enhancedCode: '5.4.6', httpStatus: 400, text });
