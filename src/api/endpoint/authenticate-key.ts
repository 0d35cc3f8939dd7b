/** Finds out which key a request carries: HTTP Basic, judged by the password alone, because every Mailgun client speaks it. */
import type { IncomingMessage } from 'node:http';
import type { Directory } from '#directory';
import { clientAddress, ErrorAnswer, type GuessBrake } from '#http';
import type { ApiKeyRecord } from '#store';

/** No Mailgun key is longer; more is not worth hashing. */
const MAX_SECRET = 512;

/** The password of a Basic header; undefined when there is none (RFC 7617). */
export function basicPassword(header: string | undefined): string | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+) *$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  const password = colon < 0 ? '' : decoded.slice(colon + 1);
  return password === '' || password.length > MAX_SECRET ? undefined : password;
}

/** 401 as text: a client that reads `message` from a JSON string breaks on it. */
const unauthorized = () => new ErrorAnswer(401, 'Forbidden', { 'www-authenticate': 'Basic realm="MG API"' });

/** Throws a 401, or a 429 once the address has tried too many wrong keys. */
export async function authenticateKey(request: IncomingMessage, keys: Directory['keys'], brake: GuessBrake): Promise<ApiKeyRecord> {
  const secret = basicPassword(request.headers.authorization);
  if (secret === undefined) throw unauthorized();
  const key = await keys.verify(secret);
  if (key !== undefined) return key;
  const wait = brake.wrong(clientAddress(request), secret);
  if (wait === 0) throw unauthorized();
  const message = 'Too many failed authentication attempts';
  throw new ErrorAnswer(429, { message, 'retry-seconds': wait }, { 'retry-after': String(wait) });
}
