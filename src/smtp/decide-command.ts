/** Judges a command line before its command runs: its bytes, its length, its place in the session, the form of its arguments. Pure. */
import { makeReply, type Reply } from './reply.js';

export interface CommandState {
  /** The line answers a 334 of AUTH. */
  inAuth: boolean;
  secure: boolean;
}

/** Octets. RFC 5321 4.5.3.1.4 says 512, and extensions add to it. AUTH has a limit of its own (RFC 4954 4). */
const MAX_LINE = 2048;
export const MAX_AUTH_LINE = 12_288;

const KNOWN_ELSEWHERE = new Set(['EXPN', 'TURN', 'ATRN', 'ETRN', 'SEND', 'SOML', 'SAML']);
const WITHOUT_ARGUMENT = new Set(['DATA', 'RSET', 'QUIT']);
/** Commands that bring the client no nearer to sending a message. */
const IDLE = new Set(['NOOP', 'RSET', 'HELP', 'VRFY', 'HELO', 'EHLO', 'STARTTLS']);

export const commandName = (line: Buffer): string => {
  const space = line.indexOf(0x20);
  return line.toString('latin1', 0, space < 0 ? Math.min(line.length, 16) : Math.min(space, 16)).toUpperCase();
};

export const isIdleCommand = (name: string): boolean => IDLE.has(name);

/** The refusal, or undefined when the command may run. */
export function decideCommand(line: Buffer, name: string, state: CommandState): Reply | undefined {
  if (state.inAuth) return decideAuthResponse(line);
  if (line.length > (name === 'AUTH' ? MAX_AUTH_LINE : MAX_LINE)) return makeReply(500, '5.5.6', 'command line too long');
  if (hasControl(line)) return makeReply(500, '5.5.2', 'control character in command');
  if (KNOWN_ELSEWHERE.has(name)) return makeReply(502, '5.5.1', 'command not implemented');
  // The bytes behind BDAT are a message, which must not run as commands (RFC 3030 2).
  if (name === 'BDAT') return makeReply(421, '4.7.0', 'BDAT is not offered');
  if (name === 'AUTH') return decideAuth(line, state.secure);
  if (WITHOUT_ARGUMENT.has(name) && line.toString('latin1').trim().length > name.length) {
    return makeReply(501, '5.5.4', `${name} takes no argument`);
  }
  return undefined;
}

/** An initial response is base64, or `=` for an empty one. */
function decideAuth(line: Buffer, secure: boolean): Reply | undefined {
  if (!secure) return makeReply(538, '5.7.11', 'encryption required: use STARTTLS first');
  const [, , response = '='] = line.toString('latin1').trim().split(/ +/);
  return response === '=' || isBase64(response) ? undefined : makeReply(501, '5.5.2', 'initial response is not base64');
}

/** Base64 without blanks, or the `*` that cancels (RFC 4954 4). */
function decideAuthResponse(line: Buffer): Reply | undefined {
  if (line.length > MAX_AUTH_LINE) return makeReply(500, '5.5.6', 'authentication exchange line too long');
  const text = line.toString('latin1');
  if (text === '*') return makeReply(501, '5.7.0', 'authentication cancelled');
  return isBase64(text) ? undefined : makeReply(501, '5.5.2', 'response is not base64');
}

const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);

function hasControl(line: Buffer): boolean {
  for (const byte of line) {
    if (byte < 0x20 || byte === 0x7f) return true;
  }
  return false;
}
