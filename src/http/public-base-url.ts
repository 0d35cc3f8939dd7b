/** The base of every URL we hand out (paging, storage), as the client sees this server. */
import type { IncomingMessage } from 'node:http';

const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

const first = (value: string | string[] | undefined): string | undefined =>
  String(value ?? '')
    .split(',')[0]
    ?.trim() || undefined;

/**
 * `https://mail-api.example.com`, without a trailing slash. `fallback` takes the place of a Host header that is missing or no host name, so that nothing
 * odd gets into a URL.
 */
export function publicBaseUrl(request: IncomingMessage, fallback: string): string {
  const forwarded = first(request.headers['x-forwarded-proto'])?.toLowerCase();
  const scheme = forwarded === 'http' || forwarded === 'https' ? forwarded : 'encrypted' in request.socket ? 'https' : 'http';
  const host = [first(request.headers['x-forwarded-host']), first(request.headers.host)].find(
    (name) => name !== undefined && name.length <= 255 && HOST.test(name),
  );
  return `${scheme}://${host ?? fallback}`;
}
