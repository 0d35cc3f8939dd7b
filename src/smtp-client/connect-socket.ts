/** Opens a TCP connection to one address within a deadline; the library is never asked to resolve a name. */
import { connect, type Socket } from 'node:net';
import { SmtpFailure, TIMED_OUT } from './smtp-failure.js';

/** From `localAddress`, or any address of this machine. Rejects with SmtpFailure at stage `connect`. */
export function connectSocket(
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
