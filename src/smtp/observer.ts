/** What the door tells whoever counts. Calls must not throw and not wait. */
export interface SmtpObserver {
  /** A connection came: it became a session, or was refused because a limit is reached or the server is stopping. */
  connection(result: 'session' | 'refused-total' | 'refused-source' | 'refused-stopping'): void;
  /** A login was tried. `braked`: not looked at, after too many wrong ones. `error`: it could not be checked. */
  login(result: 'right' | 'wrong' | 'braked' | 'error'): void;
}

export const noObserver: SmtpObserver = { connection: () => undefined, login: () => undefined };
