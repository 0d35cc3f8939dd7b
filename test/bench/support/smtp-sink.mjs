// @ts-check
/** Postfix's smtp-sink on a port: takes every message and counts them. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** @param {number} port */
export async function startSmtpSink(port) {
  const sink = spawn('smtp-sink', ['-c', '-u', 'nobody', `127.0.0.1:${port}`, '2000'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let count = 0;
  // -c rewrites one status line that ends in mesg=N.
  sink.stdout.on('data', (chunk) => {
    const last = [...String(chunk).matchAll(/mesg=(\d+)/g)].at(-1);
    if (last) count = Number(last[1]);
  });
  const ended = new Promise((resolve, reject) => {
    sink.on('error', () => reject(new Error('smtp-sink is missing: install the package "postfix"')));
    sink.on('exit', resolve);
  });
  await Promise.race([sleep(500), ended]);
  return {
    count: () => count,
    async stop() {
      sink.kill('SIGKILL');
      await ended;
    },
  };
}
