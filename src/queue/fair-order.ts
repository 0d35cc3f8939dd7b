/** Whose turn it is at a destination: priorities by weight, accounts in turn, so that a bulk sender or a noisy account delays mostly itself. */
import type { Priority } from '#core';

/** Share of the turns a priority gets while all of them have something waiting. */
export const PRIORITY_WEIGHTS: readonly [number, number, number] = [70, 25, 5];

/** Memory of past turns at one destination. */
export interface Turns {
  credit: [number, number, number];
  lastAccount: [number, number, number];
}

export const noTurns = (): Turns => ({ credit: [0, 0, 0], lastAccount: [0, 0, 0] });

interface Waiting {
  priority: Priority;
  account: number;
}

/**
 * Chooses among what waits (not empty) and notes the turn in `turns`. Priorities by smooth weighted round-robin; within a priority the next
 * account number after the one that was served last.
 */
export function chooseTurn<T extends Waiting>(turns: Turns, waiting: readonly [T, ...T[]]): T {
  const present = new Set(waiting.map((flow) => flow.priority));
  let total = 0;
  let chosen: Priority = waiting[0].priority;
  for (const priority of [0, 1, 2] as const) {
    if (!present.has(priority)) continue;
    total += PRIORITY_WEIGHTS[priority];
    turns.credit[priority] += PRIORITY_WEIGHTS[priority];
    if (chosen === priority || turns.credit[priority] > turns.credit[chosen] || !present.has(chosen)) chosen = priority;
  }
  turns.credit[chosen] -= total;

  const last = turns.lastAccount[chosen];
  let next: T | undefined;
  let first: T | undefined;
  for (const flow of waiting) {
    if (flow.priority !== chosen) continue;
    if (first === undefined || flow.account < first.account) first = flow;
    if (flow.account > last && (next === undefined || flow.account < next.account)) next = flow;
  }
  const turn = next ?? first ?? waiting[0];
  turns.lastAccount[chosen] = turn.account;
  return turn;
}
