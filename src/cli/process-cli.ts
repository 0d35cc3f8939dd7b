/** The command line's outside world when it is a process of its own. */
import { readEnvironment } from '#config';
import { systemClock } from '#core';
import type { Cli } from './cli.js';
import { processTerminal } from './terminal.js';

export function processCli(): Cli {
  const environment = readEnvironment();
  return { environment, terminal: processTerminal(environment.noColor), clock: systemClock, interruption };
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}
