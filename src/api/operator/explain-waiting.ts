/** Says in plain words why an open delivery waits and when it is tried next, by its row in the queue and by what the queue waits for. Pure. */
import { DAY, HOUR, MINUTE, SECOND } from '#core';
import type { WaitReason } from '#queue';
import type { QueuedDelivery } from '#store';

export interface Explanation {
  /** A few sentences. */
  text: string;
  /** ms since the epoch; undefined when it is due, or when nobody can say. */
  nextAttemptAt: number | undefined;
}

export function explainWaiting(delivery: QueuedDelivery, { reason, until }: WaitReason, now: number): Explanation {
  const { due, attempts, expiresAt } = delivery;
  const nextAttemptAt = until !== undefined && until > now ? until : undefined;
  const history = attempts === 0 ? 'It has not been tried yet.' : lastAttempt(delivery);
  const wait = nextAttemptAt === undefined ? '' : duration(nextAttemptAt - now);
  // It waits for its own schedule, and the history says why.
  const isScheduled = nextAttemptAt === due;
  const next = isScheduled
    ? attempts === 0
      ? `${reason}, in ${wait}.`
      : `It is tried again in ${wait}.`
    : `${reason}.${wait === '' ? '' : ` It may be tried again in ${wait}.`}`;
  const end = expiresAt <= now ? 'Its time is over: the next attempt ends it.' : `It is given up in ${duration(expiresAt - now)}.`;
  return { text: `${history} ${next} ${end}`, nextAttemptAt };
}

function lastAttempt({ attempts, last, destinationName }: QueuedDelivery): string {
  if (last === undefined) return `It was tried ${times(attempts)}.`;
  const who = last.mxHost ?? destinationName;
  return `It was tried ${times(attempts)}; ${meaning(last.code, last.enhancedCode, who)}: "${last.code} ${last.message}".`;
}

/** What the last attempt failed on. These codes are this server's own, for failures without a reply of the peer; any other reply is the peer's. */
function meaning(code: number, enhancedCode: string, who: string): string {
  if (code === 421 && enhancedCode === '4.4.1') return `no connection could be made to ${who}`;
  if (code === 421 && enhancedCode === '4.4.2') return `the session with ${who} broke off`;
  if (enhancedCode === '4.7.5') return `no trusted encryption could be agreed with ${who}`;
  if (enhancedCode.startsWith('4.4.') && enhancedCode !== '4.4.5') return `no way to ${who} was found`;
  return `${who} put it off the last time`;
}

const times = (count: number) => (count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`);

/** `3 minutes`, `2 hours`; rounded, at least a second. */
export function duration(ms: number): string {
  const [unit, name] = UNITS.find(([size]) => ms >= size * 1.5) ?? [SECOND, 'second'];
  const count = Math.max(1, Math.round(ms / unit));
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

const UNITS: readonly (readonly [number, string])[] = [
  [DAY, 'day'],
  [HOUR, 'hour'],
  [MINUTE, 'minute'],
];
