/** Follows the dialog through the SMTP library's transaction log, to know which reply is awaited. Only the verb of a command is looked at. */
import type { Stage } from '#core';
import type { Conversation } from './conversation.js';

const STAGE_OF_VERB: Record<string, Stage> = {
  EHLO: 'ehlo',
  HELO: 'ehlo',
  STARTTLS: 'tls',
  AUTH: 'auth',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'data',
  RSET: 'mail',
  QUIT: 'dot',
};

interface LogEntry {
  tnx?: string;
}

export interface StageTracker {
  /** The stage whose reply is awaited; with none awaited, the last one answered. */
  current(): Stage;
  /** Logger for the library's option of that name. */
  logger: Record<'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal', (entry: LogEntry, text: string) => void>;
}

/** What passes is also noted in `conversation`. */
export function makeStageTracker(conversation?: Pick<Conversation, 'client' | 'server'>): StageTracker {
  const awaited: Stage[] = ['banner'];
  let last: Stage = 'banner';
  const ignore = () => undefined;
  const follow = (entry: LogEntry, text: string) => {
    if (entry.tnx === 'client') {
      conversation?.client(text);
      const space = text.indexOf(' ');
      awaited.push(STAGE_OF_VERB[space < 0 ? text : text.slice(0, space)] ?? last);
    } else if (entry.tnx === 'server') {
      conversation?.server(text);
      last = awaited.shift() ?? last;
    }
  };
  return {
    current: () => awaited[0] ?? last,
    logger: { trace: ignore, debug: follow, info: ignore, warn: ignore, error: ignore, fatal: ignore },
  };
}
