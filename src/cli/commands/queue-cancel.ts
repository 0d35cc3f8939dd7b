/** `queue cancel`: ends deliveries with an event that says so. */
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { selectingCommand } from './queue-retry.js';

export function queueCancel(cli: Cli): Command {
  return selectingCommand(cli, 'cancel', 'end deliveries without sending them', (count) => `${count} deliveries are cancelled`);
}
