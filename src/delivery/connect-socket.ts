/** Opens a TCP connection to one address within a deadline; the library is never asked to resolve a name. */
import { connect, type Socket } from 'node:net';
import { SmtpFailure } from './smtp-failure.js';

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
    const timer = setTimeout(() => fail('timeout', 'connection timed out'), timeoutMs);
    const onAbort = () => fail('aborted', 'stopping');
    signal.addEventListener('abort', onAbort);
    const onError = (error: Error) => fail((error as NodeJS.ErrnoException).code === 'ETIMEDOUT' ? 'timeout' : 'lost', error.message);
    socket.once('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      resolve(socket);
    });
  });
}
