/** Opens a session with one peer: connects to one address, and sets the session up until it is ready for MAIL. */
import { connect, type Socket } from 'node:net';
import type { Clock } from '#core';
import { type ClientSession, PeerSession, type SmtpPeer } from './client-session.js';
import { SmtpFailure, TIMED_OUT } from './smtp-failure.js';
import type { DeliveryTimeouts } from './timeouts.js';

/** Rejects with SmtpFailure; the stage says how far it came. Kind `aborted` when `signal` came first. */
export async function openClientSession(
  peer: SmtpPeer,
  options: { timeouts: DeliveryTimeouts; clock: Clock; leftMs: number; signal: AbortSignal },
): Promise<ClientSession> {
  const { clock, timeouts, signal } = options;
  const began = clock.monotonic();
  const socket = await connectSocket(peer, Math.min(timeouts.connect, options.leftMs), signal);
  const session = new PeerSession(peer, socket, options);
  const abort = () => session.abort('stopping');
  signal.addEventListener('abort', abort);
  try {
    await session.open(Math.min(timeouts.setup, Math.max(1, options.leftMs - (clock.monotonic() - began))));
  } catch (error) {
    if (error instanceof SmtpFailure) error.transcript = session.transcript();
    session.abort('set-up failed');
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
  return session;
}

/** From `localAddress`, or any address of this machine. The library is never asked to resolve a name. Rejects with SmtpFailure at stage `connect`. */
function connectSocket(
  { ip, port, localAddress }: { ip: string; port: number; localAddress: string | undefined },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: ip, port, noDelay: true, ...(localAddress === undefined ? {} : { localAddress }) });
    const fail = (kind: SmtpFailure['kind'], text: string) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(new SmtpFailure({ stage: 'connect', kind, text }));
    };
    const timer = setTimeout(() => fail('timeout', TIMED_OUT), timeoutMs);
    const onAbort = () => fail('aborted', 'stopping');
    signal.addEventListener('abort', onAbort);
    const isTimeout = (error: Error) => (error as NodeJS.ErrnoException).code === 'ETIMEDOUT';
    const onError = (error: Error) => (isTimeout(error) ? fail('timeout', TIMED_OUT) : fail('lost', error.message));
    socket.once('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      resolve(socket);
    });
  });
}
