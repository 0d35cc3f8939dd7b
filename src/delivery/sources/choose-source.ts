/**
 * Which of our addresses a delivery leaves from; pure. A sender and a recipient keep their source as long as it can be used, because a greylist
 * remembers it. The mail of a domain spreads over all of its sources by rendezvous hashing: when a source is added or removed, only its share moves.
 */
import { plainTime } from '#core';
import type { Sources } from './sources.js';

export type SourceState =
  | { kind: 'ready' }
  /** Replies from there asked for another source. */
  | { kind: 'unwelcome' }
  /** A single delivery is finding out whether the path works again. `isKeptByTls`: as in Path. */
  | { kind: 'probing'; isKeptByTls: boolean }
  /** Its path is suspended; the end of the suspension is told. Times in ms since the epoch. */
  | { kind: 'suspended'; until: number; why: string; isKeptByTls: boolean }
  /** It has sent what its warm-up allows until then. */
  | { kind: 'spent'; until: number };

export type SourceChoice =
  | { kind: 'source'; name: string }
  /** Over the fallback transport. */
  | { kind: 'fallback' }
  /** `recheckAt`: when to look again, where nobody tells of the change. Times in ms since the epoch. */
  | { kind: 'wait'; until: number; recheckAt: number | undefined; why: string };

export interface SourceQuestion {
  /** At least one. */
  candidates: readonly string[];
  /** Deliveries with an equal key get the same source where that is possible. */
  key: string;
  /** Comes before all others when it is a candidate, because a greylist knows us from there. */
  preferred?: string | undefined;
  stateOf: (name: string) => SourceState;
  /** A smarthost stands in for paths that do not work. */
  hasFallback: boolean;
}

export function chooseSource({ candidates, key, preferred, stateOf, hasFallback }: SourceQuestion): SourceChoice {
  const order = candidates.length === 1 ? [...candidates] : byWeight(candidates, key);
  order.sort((one, other) => Number(other === preferred) - Number(one === preferred));
  const states = order.map((name) => ({ name, state: stateOf(name) }));
  const first = (kind: SourceState['kind']) => states.find(({ state }) => state.kind === kind);
  const usable = first('ready') ?? first('unwelcome');
  if (usable !== undefined) return { kind: 'source', name: usable.name };
  const probing = first('probing');
  const stopped = states.flatMap(({ state }) => (state.kind === 'probing' || state.kind === 'suspended' ? [state] : []));
  // Mail waits where only warm-up stops it, and where TLS cannot be had: neither may send it over a smarthost.
  if (hasFallback && stopped.length > 0 && !stopped.some(({ isKeptByTls }) => isKeptByTls)) return { kind: 'fallback' };
  if (probing !== undefined) return { kind: 'source', name: probing.name };
  return waitFor(states.map(({ state }) => state));
}

function waitFor(states: readonly SourceState[]): SourceChoice {
  const suspended = states.filter((state) => state.kind === 'suspended');
  const spent = states.filter((state) => state.kind === 'spent');
  const recheckAt = spent.length === 0 ? undefined : Math.min(...spent.map(({ until }) => until));
  const until = Math.min(...suspended.map((state) => state.until), recheckAt ?? Number.POSITIVE_INFINITY);
  const why = [
    ...new Set(suspended.map((state) => state.why)),
    ...(recheckAt === undefined ? [] : [`the sources it may leave from have sent what their warm-up allows until ${plainTime(recheckAt)}`]),
  ].join('; ');
  return { kind: 'wait', until, recheckAt, why };
}

/** The configured names in the first list that has any. All sources when no list has: an address that is gone must not keep mail for ever. */
export function candidatesOf(wanted: readonly (readonly string[])[], sources: Sources): readonly string[] {
  for (const addresses of wanted) {
    const names = [...new Set(addresses.map(sources.nameOf))].filter((name) => name !== undefined);
    if (names.length > 0) return names;
  }
  return sources.names;
}

function byWeight(names: readonly string[], key: string): string[] {
  const weighed = names.map((name) => ({ name, weight: hash(`${name} ${key}`) }));
  return weighed.sort((one, other) => one.weight - other.weight || (one.name < other.name ? -1 : 1)).map(({ name }) => name);
}

/** FNV-1a with the finish of MurmurHash3, so that keys that differ at their end differ in all bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
