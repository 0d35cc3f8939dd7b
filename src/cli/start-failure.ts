/** Says why the server could not start, in words that point at the remedy. */
import { accessAdvice } from './access-advice.js';
import { CommandFailed } from './command-errors.js';
import { whyNotLoaded } from './installation.js';

const REASONS: Record<string, string> = {
  EADDRINUSE: 'the port is in use by another process; stop that one or change "listen" in the configuration',
  EACCES: 'permission denied; ports below 1024 need the systemd unit (or CAP_NET_BIND_SERVICE)',
  EADDRNOTAVAIL: 'this machine does not have that address; change "listen" in the configuration',
  ENOTFOUND: 'the name is unknown; change "listen" in the configuration',
};

/** A failure with a known cause becomes CommandFailed. A bug stays as it is, so that its stack is seen. */
export function startFailure(error: unknown, dataDir?: string): unknown {
  if (!(error instanceof Error) || error instanceof CommandFailed) return error;
  const notLoaded = whyNotLoaded(error);
  if (notLoaded !== undefined) return new CommandFailed(notLoaded);
  const { code, syscall, address, hostname, port, path } = error as SystemError;
  const listening = syscall === 'listen' || syscall === 'bind' || syscall === 'getaddrinfo';
  if (listening && code !== undefined && code in REASONS) {
    const host = address ?? hostname ?? '';
    const place = port === undefined ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`;
    return new CommandFailed(`Cannot listen on ${place}: ${REASONS[code]}`);
  }
  // Errors of the file system name their path, and rooms below throw plain Errors with a whole sentence. A bug has another class (TypeError, …).
  const isTold = path !== undefined || (error.constructor === Error && code === undefined);
  if (!isTold) return error;
  const advice = accessAdvice(error, dataDir);
  return new CommandFailed(`Cannot start: ${error.message}${advice === undefined ? '' : `\n${advice}`}`);
}

type SystemError = NodeJS.ErrnoException & { address?: string; hostname?: string; port?: number };
