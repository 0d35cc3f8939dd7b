/**
 * Tells systemd how the service is doing (sd_notify(3)). Node has no datagram sockets of the unix family, so systemd's own tool sends the
 * message; the unit allows it with `NotifyAccess=all`. Without a NOTIFY_SOCKET nothing is sent.
 */
import { spawn } from 'node:child_process';
import type { Logger } from 'pino';

export type ServiceState = 'READY=1' | 'STOPPING=1' | 'RELOADING=1';

/** Resolves when systemd has the message; a failure is logged and is no reason to stop. */
export function notifySystemd(state: ServiceState, socket: string | undefined, logger: Logger): Promise<void> {
  if (socket === undefined) return Promise.resolve();
  // A service of type notify-reload wants the time with RELOADING=1; others ignore it.
  const assignments = state === 'RELOADING=1' ? [state, `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`] : [state];
  return new Promise((resolve) => {
    const child = spawn('systemd-notify', assignments, {
      stdio: 'ignore',
      env: { NOTIFY_SOCKET: socket, PATH: '/usr/bin:/bin' },
      timeout: 10_000,
    });
    child.on('error', (error) => {
      logger.warn({ err: error.message }, 'systemd-notify cannot be run');
      resolve();
    });
    child.on('exit', (code) => {
      if (code !== 0) logger.warn({ code, state }, 'systemd-notify failed');
      resolve();
    });
  });
}
