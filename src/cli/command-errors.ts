/** How a command ends when it does not succeed: its text goes to standard error and its kind decides the exit code. */

/** Refused or failed: exit code 1. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

/** Called in a way that cannot be meant: exit code 2. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}
