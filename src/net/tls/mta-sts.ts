/**
 * Finds the MTA-STS policy of a domain (RFC 8461): looks it up, fetches it and keeps it. Policies are bounded in number, and a domain has one fetch
 * at a time. Never rejects: if DNS, HTTPS or the policy itself is faulty, the policy known before is used, or none.
 */
import type { Logger } from 'pino';
import { type Clock, DAY, MINUTE, makeConcurrencyLimit, SECOND } from '#core';
import type { Dns } from '../dns/dns-answer.js';
import type { HttpClient } from '../http-client/http-client.js';
import { makeStsMemory, type StoredStsPolicy } from './sts-memory.js';
import { parseStsPolicy, readStsRecord, type StsPolicy, type StsPolicyFile } from './sts-policy.js';

/** Where policies survive a restart. If a method rejects, that is logged, and the policy is kept only until the process ends. */
export interface StsStore {
  /** Called once, at the first question. It may give expired entries. */
  load(): Promise<readonly StoredStsPolicy[]>;
  /** Replaces what is stored for the domain. */
  save(entry: StoredStsPolicy): Promise<void>;
}

export interface MtaStsOptions {
  /** Must have a cache, because every question asks for the domain's record. */
  dns: Dns;
  http: Pick<HttpClient, 'request'>;
  clock: Clock;
  logger: Pick<Logger, 'info' | 'warn'>;
  store?: StsStore;
  /** 10,000. Policies that were not used for the longest time are forgotten first. */
  maxPolicies?: number;
  /** Limit for the patterns of all policies together, so that long ones do not fill the memory; 16 million. */
  maxCharacters?: number;
  /** Port of policy hosts. Always 443, except in tests. */
  port?: number;
}

export interface MtaSts {
  /**
   * `domain`: the recipients' domain in the form of `parseDomain`, or the name of a smarthost (RFC 8461 3.4), but never an exchanger or a parent
   * domain. Undefined: no policy. A policy of mode `none` demands nothing. The first question for a domain with a policy waits until it is fetched.
   * That takes a minute at most once the fetch has begun.
   */
  policyFor(domain: string): Promise<StsPolicy | undefined>;
}

/** RFC 8461 3.3: at most 64 kB, within a minute. */
const MAX_POLICY_BYTES = 64 * 1024;
const FETCH_MS = MINUTE;
/**
 * How many policies are fetched at the same time. Fewer than the HTTP client has connections. The time limit of a fetch begins when it starts, not
 * while it waits.
 */
const MAX_FETCHES = 256;
/** If more fetches than this are running or waiting, a fetch gets less time, so that a silent host does not block the others for long. */
const CROWD = 64;
const CROWDED_FETCH_MS = 10 * SECOND;
/** RFC 8461 3.3: if a policy could not be fetched, the next attempt is not made before this time. */
const RETRY_MS = 5 * MINUTE;
/** RFC 8461 3.3: a policy is refreshed about once a day, so that it does not expire while the domain still publishes it. */
const REFRESH_MS = DAY;
const MAX_FAILURES = 1000;

export function makeMtaSts(options: MtaStsOptions): MtaSts {
  const { dns, http, clock, logger, store, maxPolicies = 10_000, maxCharacters = 16_000_000, port = 443 } = options;
  const { remember, recall } = makeStsMemory({ clock, maxPolicies, maxCharacters });
  /** `domain id` → the time at which it may be fetched again, ms of the monotonic clock. */
  const failures = new Map<string, number>();
  const fetches = new Map<string, Promise<void>>();
  const turns = makeConcurrencyLimit(MAX_FETCHES);
  let loading: Promise<void> | undefined;

  async function load(): Promise<void> {
    try {
      for (const entry of (await store?.load()) ?? []) remember(entry);
    } catch (error) {
      logger.warn({ err: error }, 'stored MTA-STS policies could not be read');
    }
  }

  /** Undefined if the domain has no record, or if DNS could not tell. */
  async function askForId(domain: string): Promise<string | undefined> {
    const answer = await dns.query(`_mta-sts.${domain}`, 'TXT');
    return answer.kind === 'records' ? readStsRecord(answer.records) : undefined;
  }

  async function fetchPolicy(domain: string): Promise<StsPolicyFile | string> {
    const url = `https://mta-sts.${domain}${port === 443 ? '' : `:${port}`}/.well-known/mta-sts.txt`;
    const result = await turns((load) => {
      const timeoutMs = load > CROWD ? CROWDED_FETCH_MS : FETCH_MS;
      return http.request({ url, timeoutMs, maxBytes: MAX_POLICY_BYTES, headers: { Accept: 'text/plain' } });
    });
    if (result.kind !== 'response') return result.text;
    if (result.status !== 200) return `the status is ${result.status}`;
    if (!/^text\/plain[ \t]*(?:;|$)/i.test(result.headers['content-type'] ?? '')) return 'the media type is not text/plain';
    if (result.truncated) return `the policy is longer than ${MAX_POLICY_BYTES} bytes`;
    return parseStsPolicy(result.body.toString('utf8'));
  }

  function noteFailure(key: string): void {
    failures.delete(key);
    failures.set(key, clock.monotonic() + RETRY_MS);
    for (const oldest of failures.keys()) {
      if (failures.size <= MAX_FAILURES) break;
      failures.delete(oldest);
    }
  }

  async function refresh(domain: string, id: string): Promise<void> {
    const file = await fetchPolicy(domain);
    if (typeof file === 'string') {
      noteFailure(`${domain} ${id}`);
      logger.info({ domain, id, reason: file }, 'no MTA-STS policy could be had');
      return;
    }
    const fetchedAt = clock.now();
    const entry = { domain, id, mode: file.mode, mx: file.mx, fetchedAt, expiresAt: fetchedAt + file.maxAge * SECOND };
    failures.delete(`${domain} ${id}`);
    remember(entry);
    try {
      await store?.save(entry);
    } catch (error) {
      logger.warn({ err: error, domain }, 'an MTA-STS policy could not be stored');
    }
  }

  /** Undefined if fetching this id failed a short while ago. */
  function refreshOnce(domain: string, id: string): Promise<void> | undefined {
    const key = `${domain} ${id}`;
    const retryAt = failures.get(key);
    if (retryAt !== undefined && retryAt > clock.monotonic()) return undefined;
    const running = fetches.get(domain);
    if (running !== undefined) return running;
    const started = refresh(domain, id).finally(() => fetches.delete(domain));
    fetches.set(domain, started);
    return started;
  }

  return {
    async policyFor(domain) {
      loading ??= load();
      await loading;
      const id = await askForId(domain);
      const known = recall(domain);
      // Without a current record, the known policy is used until it expires (RFC 8461 3.3).
      if (id === undefined) return present(known);
      const isCurrent = known?.id === id;
      const refreshing = isCurrent && clock.now() - known.fetchedAt < REFRESH_MS ? undefined : refreshOnce(domain, id);
      // Nobody waits for the daily refresh. A new id is waited for, because the new policy may be stricter or may end the old one.
      if (refreshing === undefined || isCurrent) return present(known);
      await refreshing;
      return present(recall(domain));
    },
  };
}

function present(entry: StoredStsPolicy | undefined): StsPolicy | undefined {
  return entry && { mode: entry.mode, mx: entry.mx, id: entry.id, expiresAt: entry.expiresAt };
}
