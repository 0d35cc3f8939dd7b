/** The addresses that mail leaves from: those of the configuration, or the source `default`, for which the system chooses. Pure. */
import { isIPv6 } from 'node:net';
import type { Outcome } from '#core';
import { DEFAULT_SOURCE } from '../paths/paths.js';

/** One entry of `delivery.sources`. */
export interface SourceAddresses {
  ipv4?: string;
  /** As the system shows it (RFC 5952). */
  ipv6?: string;
  /** Name given with EHLO; the server's own unless given. */
  ehlo?: string;
}

export interface Source {
  /** Its IPv4 address, or its IPv6 address when it has no other; `default` for the system's choice. */
  readonly name: string;
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly ehlo: string;
}

export interface Sources {
  /** Of the configuration; empty when the system chooses. */
  readonly names: readonly string[];
  /** What mail for smarthosts leaves from, and all mail when nothing is configured. */
  readonly default: Source;
  /** The default one for a name that is not known. */
  get(name: string): Source;
  /** The source that an address of either family belongs to. */
  nameOf(address: string): string | undefined;
}

export function makeSources(configured: readonly SourceAddresses[], hostname: string): Sources {
  const system: Source = { name: DEFAULT_SOURCE, ehlo: hostname };
  const known = new Map<string, Source>();
  const byAddress = new Map<string, string>();
  for (const { ipv4, ipv6, ehlo = hostname } of configured) {
    const name = ipv4 ?? ipv6;
    if (name === undefined) continue;
    known.set(name, { name, ehlo, ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) });
    for (const address of [ipv4, ipv6]) if (address !== undefined) byAddress.set(address, name);
  }
  return {
    names: [...known.keys()],
    default: system,
    get: (name) => known.get(name) ?? system,
    nameOf: (address) => byAddress.get(address),
  };
}

/** What to bind before connecting to `ip`: an address, `any` for the system's choice, undefined when the source has none of that family. */
export function bindAddress(source: Source, ip: string): string | 'any' | undefined {
  if (source.name === DEFAULT_SOURCE) return 'any';
  return isIPv6(ip) ? source.ipv6 : source.ipv4;
}

/** Enhanced code of an attempt that was given up because its source has no address of the host's family. */
export const NO_SUCH_FAMILY = '4.4.4';

/** Another source may reach what this one cannot. */
export const lacksFamily = (outcome: Outcome): boolean =>
  outcome.kind === 'deferred' && outcome.stage === 'local' && outcome.reply.enhancedCode === NO_SUCH_FAMILY;
