/**
 * Which messages may have brought the server down, from what was in work at the end of each process. Pure. One crash is no proof: what was in work is
 * tried again, alone. A delivery that was in work at three ends of the process is given up. After that, one more end with another delivery of the same
 * message gives up the whole message, so that a harmful batch does not end the process three times for each of its recipients.
 */

/** A message under suspicion. */
export interface Suspicion {
  /** At how many ends of the process each of its deliveries was in work, by id. */
  strikes: Record<string, number>;
  /** Nothing of it is tried any more. */
  isGivenUp: boolean;
  /** None of its deliveries has been worked on without harm since: they are deferred until their trial. */
  awaitsTrial: boolean;
  /** ms since the epoch. */
  since: number;
}

export type Suspicions = Map<number, Suspicion>;

/** Ends of the process after which a delivery is given up. */
export const MOST_STRIKES = 3;

export const isOut = ({ strikes, isGivenUp }: Suspicion, delivery: number): boolean =>
  isGivenUp || (strikes[delivery] ?? 0) >= MOST_STRIKES;

/** What remains of a suspicion when a delivery of the message did no harm: deliveries that were given up stay so, the others are free. */
export function afterSurvival({ strikes, ...suspicion }: Suspicion): Suspicion | undefined {
  const out = Object.entries(strikes).filter(([, count]) => count >= MOST_STRIKES);
  return out.length === 0 ? undefined : { ...suspicion, awaitsTrial: false, strikes: Object.fromEntries(out) };
}

/** Suspicions after an end of the process at which `left` was in work. */
export function addStrikes(known: Suspicions, left: readonly { message: number; delivery: number }[], now: number): Suspicions {
  const all = new Map(known);
  for (const { message, delivery } of left) {
    const { strikes = {}, isGivenUp = false, since = now } = all.get(message) ?? {};
    const hadOut = Object.entries(strikes).some(([id, count]) => Number(id) !== delivery && count >= MOST_STRIKES);
    const counted = { ...strikes, [delivery]: (strikes[delivery] ?? 0) + 1 };
    all.set(message, { strikes: counted, isGivenUp: isGivenUp || hadOut, awaitsTrial: true, since });
  }
  return all;
}

/** Messages live for days; an older suspicion is about one that is gone. */
const LONGEST = 14 * 24 * 60 * 60 * 1000;

/** As the file has it: `isResting` is its older name for `awaitsTrial`. */
type StoredSuspicion = Omit<Suspicion, 'awaitsTrial'> & { isResting: boolean };

/** Undefined, the text of no file, gives none. Throws SyntaxError for a text that is no JSON. */
export function readSuspicions(text: string | undefined, now: number): Suspicions {
  if (text === undefined) return new Map();
  const entries = Object.entries(JSON.parse(text) as Record<string, StoredSuspicion>);
  return new Map(
    entries
      .map(([id, { isResting, ...suspicion }]) => [Number(id), { ...suspicion, awaitsTrial: isResting }] as const)
      .filter(([, { since }]) => Math.abs(now - since) < LONGEST),
  );
}

export function writeSuspicions(suspicions: Suspicions): string {
  const stored = [...suspicions].map(([id, { awaitsTrial, ...suspicion }]): [number, StoredSuspicion] => [
    id,
    { ...suspicion, isResting: awaitsTrial },
  ]);
  return `${JSON.stringify(Object.fromEntries(stored))}\n`;
}
