/** Holds the known MTA-STS policies, bounded in number and in size. Policies that were not used for the longest time are forgotten first. */
import type { Clock } from '#core';
import type { StsMode } from './sts-policy.js';

/** A policy in the form in which it survives a restart. */
export interface StoredStsPolicy {
  domain: string;
  id: string;
  mode: StsMode;
  mx: readonly string[];
  /** Wall clock, ms. */
  fetchedAt: number;
  expiresAt: number;
}

export interface StsMemory {
  /** Replaces the known policy of the domain. */
  remember(entry: StoredStsPolicy): void;
  /** Undefined if there is no policy or it has expired. */
  recall(domain: string): StoredStsPolicy | undefined;
}

export interface StsMemoryOptions {
  clock: Clock;
  maxPolicies: number;
  /** Limit for the domains and patterns of all policies together, so that long ones do not fill the memory. */
  maxCharacters: number;
}

export function makeStsMemory({ clock, maxPolicies, maxCharacters }: StsMemoryOptions): StsMemory {
  // A Map keeps the order of insertion, so its first key is the one that was not used for the longest time.
  const policies = new Map<string, StoredStsPolicy>();
  let characters = 0;

  function forget(domain: string): void {
    const entry = policies.get(domain);
    if (entry === undefined) return;
    policies.delete(domain);
    characters -= charactersOf(entry);
  }

  function remember(entry: StoredStsPolicy): void {
    forget(entry.domain);
    policies.set(entry.domain, entry);
    characters += charactersOf(entry);
    for (const oldest of policies.keys()) {
      if (policies.size <= maxPolicies && characters <= maxCharacters) break;
      forget(oldest);
    }
  }

  return {
    remember,
    recall(domain) {
      const entry = policies.get(domain);
      if (entry === undefined) return undefined;
      if (entry.expiresAt > clock.now()) remember(entry);
      else forget(domain);
      return policies.get(domain);
    },
  };
}

const charactersOf = ({ domain, mx }: StoredStsPolicy): number => mx.reduce((sum, pattern) => sum + pattern.length, domain.length);
