/** What all sessions of the server share. */
import type { Logger } from 'pino';
import type { Clock, LooseDots } from '#core';
import type { Directory } from '#directory';
import type { Intake } from '#intake';
import type { ConnectionCounter } from '#net';
import type { AuthBrake } from './auth-brake.js';
import type { SmtpLimits } from './limits.js';

export interface ServerContext {
  hostname: string;
  ownWord: string | undefined;
  directory: Pick<Directory, 'credentials' | 'domains'>;
  intake: Intake;
  /** The client's address is in a network that may send without AUTH, from hosted domains. */
  isTrusted(ip: string): boolean;
  /** Recipients there may have dots anywhere. */
  looseDots: LooseDots;
  clock: Clock;
  logger: Logger;
  limits: SmtpLimits;
  connections: ConnectionCounter;
  brake: AuthBrake;
  observer: SmtpObserver;
  isStopping(): boolean;
}

/** Told of connections and logins, to count them. Its methods must not throw or wait. */
export interface SmtpObserver {
  /** A connection came: it became a session, or was refused because a limit is reached or the server is stopping. */
  connection(result: 'session' | 'refused-total' | 'refused-source' | 'refused-stopping'): void;
  /** A login was tried. `braked`: the failure brake refused it without looking at the password. `error`: it could not be checked. */
  login(result: 'right' | 'wrong' | 'braked' | 'error'): void;
}

export const noObserver: SmtpObserver = { connection: () => undefined, login: () => undefined };
