/**
 * Who may have brought the server down, from what was in hand at the end of each process; pure. A crash is no proof: what was in hand is tried again,
 * alone, and only what is in hand at three ends of the process is given up. Once that has happened to one delivery of a message, another one of the same
 * message that is in hand at yet another end gives up the whole message, so that a poisonous batch does not take three ends for each of its recipients.
 */

/** A message under suspicion. */
export interface Suspicion {
  /** Ends of the process at which each of its deliveries was in hand, by id. */
  strikes: Record<string, number>;
  /** Nothing of it is tried any more. */
  isGivenUp: boolean;
  /** None of it has been worked on without harm since: what is left of it rests until its trial. */
  isResting: boolean;
  /** ms since the epoch. */
  since: number;
}

export type Suspicions = Map<number, Suspicion>;

/** Ends of the process after which a delivery is given up. */
export const MOST_STRIKES = 3;

export const isOut = ({ strikes, isGivenUp }: Suspicion, delivery: number): boolean =>
  isGivenUp || (strikes[delivery] ?? 0) >= MOST_STRIKES;

/** What is left of a suspicion when a delivery of the message did no harm: those that were given up stay so, the others are as harmless as it. */
export function afterSurvival({ strikes, ...suspicion }: Suspicion): Suspicion | undefined {
  const out = Object.entries(strikes).filter(([, count]) => count >= MOST_STRIKES);
  return out.length === 0 ? undefined : { ...suspicion, isResting: false, strikes: Object.fromEntries(out) };
}

/** Suspicions after an end of the process at which `left` was in hand. */
export function addStrikes(known: Suspicions, left: readonly { message: number; delivery: number }[], now: number): Suspicions {
  const all = new Map(known);
  for (const { message, delivery } of left) {
    const { strikes = {}, isGivenUp = false, since = now } = all.get(message) ?? {};
    const hadOut = Object.entries(strikes).some(([id, count]) => Number(id) !== delivery && count >= MOST_STRIKES);
    const counted = { ...strikes, [delivery]: (strikes[delivery] ?? 0) + 1 };
    all.set(message, { strikes: counted, isGivenUp: isGivenUp || hadOut, isResting: true, since });
  }
  return all;
}

/** Messages live for days; what is older tells of none that is still here. */
const LONGEST = 14 * 24 * 60 * 60 * 1000;

/** Undefined and what is no such text: none. */
export function readSuspicions(text: string | undefined, now: number): Suspicions {
  if (text === undefined) return new Map();
  const entries = Object.entries(JSON.parse(text) as Record<string, Suspicion>);
  return new Map(
    entries.map(([id, suspicion]) => [Number(id), suspicion] as const).filter(([, { since }]) => Math.abs(now - since) < LONGEST),
  );
}

export const writeSuspicions = (suspicions: Suspicions): string => `${JSON.stringify(Object.fromEntries(suspicions))}\n`;
