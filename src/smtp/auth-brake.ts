/**
 * The failure brake of SMTP logins: slows password guessing down, per login and per client, in bounded memory. After too many failures a login is
 * braked for every client, except for clients that have logged in with it before: strangers who guess must not lock the owner out. The directory
 * remembers these clients across restarts.
 */
import type { Clock } from '#core';
import type { Credentials } from '#directory';
import { clientNetworkOf } from '#net';

export interface AuthBrake {
  /** True: the attempt is refused without looking at the password. */
  isBraked(login: string, ip: string): Promise<boolean>;
  failed(login: string, ip: string): void;
  /** Forgets the failures of the login. Those of the client stay, so that one good login does not pay for guesses at others. */
  succeeded(login: string, ip: string): Promise<void>;
}

export interface AuthBrakeLimits {
  authFailuresPerLogin: number;
  authFailuresPerSource: number;
  authWindowMs: number;
  authBrakeMs: number;
}

/** Entries per table. When a table is full the oldest entry is dropped. */
const MAX_ENTRIES = 10_000;

/** A login is an address, and no address is longer. Longer texts must not fill the tables. */
const loginKey = (login: string) => login.toLowerCase().slice(0, 320);

interface Failures {
  count: number;
  since: number;
  brakedUntil: number;
}

export interface AuthBrakeDeps {
  clock: Clock;
  limits: AuthBrakeLimits;
  credentials: Pick<Credentials, 'knowsClient' | 'rememberClient'>;
  maxEntries?: number;
}

export function makeAuthBrake({ clock, limits, credentials, maxEntries = MAX_ENTRIES }: AuthBrakeDeps): AuthBrake {
  const byLogin = new Map<string, Failures>();
  const bySource = new Map<string, Failures>();
  /** Clients that the directory is known to remember, with their login. */
  const owners = new Map<string, true>();

  const isHeld = (table: Map<string, Failures>, key: string) => (table.get(key)?.brakedUntil ?? 0) > clock.monotonic();

  const count = (table: Map<string, Failures>, key: string, limit: number) => {
    const now = clock.monotonic();
    const known = table.get(key);
    const entry = known !== undefined && now - known.since < limits.authWindowMs ? known : { count: 0, since: now, brakedUntil: 0 };
    entry.count++;
    if (entry.count >= limit) {
      entry.brakedUntil = now + limits.authBrakeMs;
      entry.count = 0;
      entry.since = now;
    }
    remember(table, key, entry);
  };

  const remember = <V>(table: Map<string, V>, key: string, value: V) => {
    table.delete(key);
    table.set(key, value);
    const oldest = table.size > maxEntries ? table.keys().next().value : undefined;
    if (oldest !== undefined) table.delete(oldest);
  };

  return {
    async isBraked(login, ip) {
      const source = clientNetworkOf(ip);
      if (isHeld(bySource, source)) return true;
      const name = loginKey(login);
      if (!isHeld(byLogin, name) || owners.has(`${source} ${name}`)) return false;
      if (!(await credentials.knowsClient(name, source))) return true;
      remember(owners, `${source} ${name}`, true);
      return false;
    },
    failed(login, ip) {
      count(byLogin, loginKey(login), limits.authFailuresPerLogin);
      count(bySource, clientNetworkOf(ip), limits.authFailuresPerSource);
    },
    async succeeded(login, ip) {
      const [name, source] = [loginKey(login), clientNetworkOf(ip)];
      byLogin.delete(name);
      const isNew = !owners.has(`${source} ${name}`);
      remember(owners, `${source} ${name}`, true);
      if (isNew) await credentials.rememberClient(name, source);
    },
  };
}
