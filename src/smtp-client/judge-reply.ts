/** What a reply says to the command that it answers, by its code alone; pure (RFC 5321 4.3.2, RFC 3207, RFC 4954). */

/** Everything that is answered by one reply; `greeting`: the connection itself, `dot`: the end of the message. */
export type Command = 'greeting' | 'EHLO' | 'HELO' | 'STARTTLS' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'dot' | 'RSET' | 'QUIT';

/**
 * `goes on`: something else is said to the peer next. `ends`: nothing is owed any more. `refuses`: 4xx or 5xx. `out of turn`: it can be no answer to
 * this command, so that nobody knows what the peer is talking about.
 */
export type Meaning = 'goes on' | 'ends' | 'refuses' | 'out of turn';

/** The only codes that let these go on. */
const ONLY: Partial<Record<Command, readonly number[]>> = { greeting: [220], STARTTLS: [220], AUTH: [235, 334], DATA: [354] };

/** They answer HELP, the connection, QUIT and AUTH. Any other 2xx counts by its first digit (RFC 5321 4.3.2). */
const OTHERS: ReadonlySet<number> = new Set([211, 214, 220, 221, 235]);

export function judgeReply(command: Command, code: number): Meaning {
  if (command === 'QUIT') return 'ends';
  if (code >= 400) return 'refuses';
  const only = ONLY[command];
  if (only !== undefined) return only.includes(code) ? 'goes on' : 'out of turn';
  if (code >= 300 || OTHERS.has(code)) return 'out of turn';
  return command === 'dot' || command === 'RSET' ? 'ends' : 'goes on';
}
