/** Which absolute deadline a session has passed. Pure; a sweeper asks for every session a few times a second at most. */
import type { SmtpLimits } from './limits.js';

/** All times are ms of the monotonic clock. */
export interface SessionTimes {
  startedAt: number;
  /** When the last reply was written: since then the client owes a command. */
  repliedAt: number;
  /** When 354 was given, while the message is coming in. */
  receivingSince: number | undefined;
  /** We owe the client an answer. */
  working: boolean;
  /** The TLS handshake after STARTTLS is under way. */
  upgrading: boolean;
}

export function overdue(times: SessionTimes, limits: SmtpLimits, now: number): 'handshake' | 'message' | 'command' | 'session' | undefined {
  if (times.upgrading) return now - times.repliedAt > limits.handshakeMs ? 'handshake' : undefined;
  if (times.receivingSince !== undefined) return now - times.receivingSince > limits.messageMs ? 'message' : undefined;
  if (times.working) return undefined;
  if (now - times.repliedAt > limits.commandMs) return 'command';
  return now - times.startedAt > limits.sessionMs ? 'session' : undefined;
}
