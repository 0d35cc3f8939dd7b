/**
 * Decides one AUTH attempt. A wrong password, an unknown login and a disabled one get the same answer after the same time, and all count as a
 * failure.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CredentialRecord, DomainRecord } from '#store';
import { isOurFault, makeReply, type Reply } from './reply.js';
import type { ServerContext } from './server-context.js';

export interface Login {
  credential: CredentialRecord;
  domain: DomainRecord;
  /** When it was last known to be good, ms of the monotonic clock. */
  checkedAt: number;
}

export interface AuthAttempt {
  login: string;
  password: string;
  /** Who the client wants to act as (RFC 4616), `''` for itself. */
  authorizeAs: string;
  ip: string;
  /** Failed attempts of this session so far. */
  failures: number;
}

export type AuthResult = { login: Login } | { refusal: Reply; counts: boolean };

export async function authenticate(attempt: AuthAttempt, server: ServerContext): Promise<AuthResult> {
  const { login, password, ip } = attempt;
  const refuse = (reply: Reply): AuthResult => {
    const isLast = attempt.failures + 1 >= server.limits.authFailures;
    return { refusal: isLast ? makeReply(421, '4.7.0', 'too many failed attempts') : reply, counts: true };
  };
  let found: Omit<Login, 'checkedAt'> | undefined;
  try {
    if (await server.brake.isBraked(login, ip)) {
      server.observer.login('braked');
      return refuse(makeReply(454, '4.7.0', 'too many failed attempts, try again later'));
    }
    found = await server.directory.credentials.verify(login, password);
  } catch (error) {
    if (isOurFault(error)) server.logger.error({ err: error }, 'login could not be checked');
    server.observer.login('error');
    return { refusal: makeReply(454, '4.7.0', 'temporary authentication failure'), counts: false };
  }
  // Nobody may act as somebody else.
  if (found !== undefined && (attempt.authorizeAs === '' || attempt.authorizeAs.toLowerCase() === login.toLowerCase())) {
    // The session does not wait for it. If it fails, the client only counts as a new one next time.
    server.brake.succeeded(login, ip).catch((error: unknown) => server.logger.error({ err: error }, 'client of a login not remembered'));
    server.observer.login('right');
    return { login: { ...found, checkedAt: server.clock.monotonic() } };
  }
  server.brake.failed(login, ip);
  server.observer.login('wrong');
  await sleep(server.limits.authDelayMs, undefined, { ref: false });
  return refuse(makeReply(535, '5.7.8', 'authentication failed'));
}
