/**
 * How much an address that nobody knows yet may send: fifteen stages, each with twice the volume of the one before. A stage takes a day at least and
 * most of its volume; one in which too much is refused or complained about begins again, and one in which it is far too much goes a stage back. Pure.
 */
import { DAY, HOUR } from '#core';
import type { WarmupRecord } from '#store';

export const TOTAL_STAGES = 15;
const FIRST_LIMIT = 1000;
const LARGEST_LIMIT = 5_000_000;
/** Part of a day's volume that one hour may carry. */
const HOURLY_PART = 12;
/** Part of the volume with which a stage may end. */
const ENOUGH = 0.8;
/** Refused for good or complained about, of what was sent in the stage: it is not passed; it goes back. */
const TOO_MANY_BOUNCES = 0.03;
const FAR_TOO_MANY_BOUNCES = 0.1;
/** A complaint weighs as much as so many refusals: the limits are then one in 1,000 messages, which large receivers ask for, and one in 333. */
const COMPLAINT_WEIGHT = 30;
/** Fewer messages say nothing. */
const SAMPLE = 100;

/** Messages a day in this stage. */
export const stageLimit = (stage: number): number => Math.min(LARGEST_LIMIT, FIRST_LIMIT * 2 ** (stage - 1));
export const hourlyLimit = (stage: number): number => Math.ceil(stageLimit(stage) / HOURLY_PART);

const fresh = (now: number) => ({ stageStartedAt: now, sent: 0, bounced: 0 });

export function newPlan(source: string, now: number): WarmupRecord {
  const counters = { dayStartedAt: now, sentInDay: 0, hourStartedAt: now, sentInHour: 0 };
  return { source, startedAt: now, updatedAt: now, stage: 1, ...fresh(now), ...counters, history: [] };
}

/** When more may be sent, ms since the epoch, with `waiting` messages about to be; 0: now. */
export function sendableAt(plan: WarmupRecord, waiting: number, now: number): number {
  const { stage, dayStartedAt, sentInDay, hourStartedAt, sentInHour } = rolled(plan, now);
  if (sentInDay + waiting >= stageLimit(stage)) return dayStartedAt + DAY;
  return sentInHour + waiting >= hourlyLimit(stage) ? hourStartedAt + HOUR : 0;
}

/** A peer answered a message; `isBounce`: with a refusal for good. Undefined: the address is warm. */
export function noteSent(plan: WarmupRecord, isBounce: boolean, now: number): WarmupRecord | undefined {
  const { sent, bounced, sentInDay, sentInHour, ...rest } = rolled(plan, now);
  const counted = { ...rest, sent: sent + 1, bounced: bounced + Number(isBounce), sentInDay: sentInDay + 1, sentInHour: sentInHour + 1 };
  return advance({ ...counted, updatedAt: now }, now);
}

/** A recipient complained about a message from there. */
export const noteComplaint = (plan: WarmupRecord, now: number): WarmupRecord | undefined =>
  advance({ ...plan, bounced: plan.bounced + COMPLAINT_WEIGHT, updatedAt: now }, now);

function advance(plan: WarmupRecord, now: number): WarmupRecord | undefined {
  const { stage, stageStartedAt, sent, bounced, history } = plan;
  const rate = sent < SAMPLE ? 0 : bounced / sent;
  if (rate > FAR_TOO_MANY_BOUNCES) return { ...plan, stage: Math.max(1, stage - 1), ...fresh(now), history: history.slice(0, -1) };
  if (now - stageStartedAt < DAY || sent < ENOUGH * stageLimit(stage)) return plan;
  if (rate > TOO_MANY_BOUNCES) return { ...plan, ...fresh(now) };
  if (stage === TOTAL_STAGES) return undefined;
  const done = { startedAt: stageStartedAt, completedAt: now, limit: stageLimit(stage) };
  return { ...plan, stage: stage + 1, ...fresh(now), history: [...history, done] };
}

/** Counters of hours and days that are over begin again. A clock that was set back starts them anew. */
function rolled(plan: WarmupRecord, now: number): WarmupRecord {
  const isOver = (began: number, length: number) => now >= began + length || now < began;
  return {
    ...plan,
    ...(isOver(plan.dayStartedAt, DAY) ? { dayStartedAt: now, sentInDay: 0 } : {}),
    ...(isOver(plan.hourStartedAt, HOUR) ? { hourStartedAt: now, sentInHour: 0 } : {}),
  };
}
