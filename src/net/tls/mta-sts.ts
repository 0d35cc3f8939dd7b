/**
 * Which MTA-STS policy holds for a domain (RFC 8461): finds, fetches and keeps policies, bounded in number, one fetch at a time for a domain.
 * Never rejects: trouble with DNS, HTTPS or the policy itself leaves the policy known before, or none.
 */
import type { Logger } from 'pino';
import { type Clock, DAY, MINUTE, makeConcurrencyLimit, SECOND } from '#core';
import type { Dns } from '../dns/dns-answer.js';
import type { HttpClient } from '../http-client/http-client.js';
import { makeStsMemory, type StoredStsPolicy } from './sts-memory.js';
import { parseStsPolicy, readStsRecord, type StsPolicy, type StsPolicyFile } from './sts-policy.js';

/** Where policies outlive the process. A rejection is logged; the policy then holds as long as the process. */
export interface StsStore {
  /** Called once, at the first question. Expired entries do no harm. */
  load(): Promise<readonly StoredStsPolicy[]>;
  /** Replaces what is stored for the domain. */
  save(entry: StoredStsPolicy): Promise<void>;
}

export interface MtaStsOptions {
  /** With a cache: it is asked for the record with every question. */
  dns: Dns;
  http: Pick<HttpClient, 'request'>;
  clock: Clock;
  logger: Pick<Logger, 'info' | 'warn'>;
  store?: StsStore;
  /** 10,000; those not asked for longest are forgotten first. */
  maxPolicies?: number;
  /** Of the patterns of all policies together, so that long ones do not fill the memory; 16 million. */
  maxCharacters?: number;
  /** Port of policy hosts, 443 but in tests. */
  port?: number;
}

export interface MtaSts {
  /**
   * `domain`: the recipients' domain in the form of `parseDomain`, or the name of a smarthost (RFC 8461 3.4); never an exchanger or a parent
   * domain. Undefined: no policy. A policy of mode `none` demands nothing. The first question for a domain that has one waits for it, up to a
   * minute once its turn has come.
   */
  policyFor(domain: string): Promise<StsPolicy | undefined>;
}

/** RFC 8461 3.3: at most 64 kB within a minute. */
const MAX_POLICY_BYTES = 64 * 1024;
const FETCH_MS = MINUTE;
/** Policies fetched at a time, fewer than the HTTP client has connections; a fetch has its whole time once its turn has come. */
const MAX_FETCHES = 256;
/** With more fetches than this under way or waiting, a host that says nothing may not keep its turn for long. */
const CROWD = 64;
const CROWDED_FETCH_MS = 10 * SECOND;
/** RFC 8461 3.3: no new attempt at a policy that could not be fetched before this. */
const RETRY_MS = 5 * MINUTE;
/** RFC 8461 3.3: a policy is refreshed about daily, so that it does not run out while the domain still means it. */
const REFRESH_MS = DAY;
const MAX_FAILURES = 1000;

export function makeMtaSts(options: MtaStsOptions): MtaSts {
  const { dns, http, clock, logger, store, maxPolicies = 10_000, maxCharacters = 16_000_000, port = 443 } = options;
  const { remember, recall } = makeStsMemory({ clock, maxPolicies, maxCharacters });
  /** `domain id` → when it may be fetched again, monotonic ms. */
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

  /** Undefined when the domain has no record, or nobody could say. */
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

  /** Undefined when this id failed a short while ago. */
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
      // RFC 8461 3.3: without a live record the policy known before holds until it expires.
      if (id === undefined) return present(known);
      const isCurrent = known?.id === id;
      const refreshing = isCurrent && clock.now() - known.fetchedAt < REFRESH_MS ? undefined : refreshOnce(domain, id);
      // The daily refresh makes nobody wait; a new id does, since it may tighten or lift the policy.
      if (refreshing === undefined || isCurrent) return present(known);
      await refreshing;
      return present(recall(domain));
    },
  };
}

function present(entry: StoredStsPolicy | undefined): StsPolicy | undefined {
  return entry && { mode: entry.mode, mx: entry.mx, id: entry.id, expiresAt: entry.expiresAt };
}
