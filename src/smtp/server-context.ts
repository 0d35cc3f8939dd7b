/** What every session of the door shares. */
import type { Logger } from 'pino';
import type { Clock, LooseDots } from '#core';
import type { Directory } from '#directory';
import type { Intake } from '#intake';
import type { ConnectionCounter } from '#net';
import type { AuthBrake } from './auth-brake.js';
import type { SmtpLimits } from './limits.js';
import type { SmtpObserver } from './observer.js';

export interface ServerContext {
  hostname: string;
  ownWord: string | undefined;
  directory: Directory;
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
