/**
 * Fetches URLs that customers and strangers gave. Such a URL must not lead to this server or its network, keep the server waiting, or fill its
 * memory: every address is checked when the socket opens, redirects are followed only on request, and time and size are limited. Never rejects.
 *
 * It uses Node's own client, because the `lookup` option is all that the guard needs. A library would add redirects, decompression and proxies,
 * which we would have to switch off.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { createSecureContext, rootCertificates } from 'node:tls';
import { type GuardedLookupOptions, LookupError, makeGuardedLookup } from './guarded-lookup.js';
import { type CheckedUrl, checkUrl, isWebPort, type Refused, refused } from './url-guard.js';

export interface HttpClientOptions extends GuardedLookupOptions {
  /** `isWebPort` by default. */
  allowPort?: (port: number) => boolean;
  /** PEM certificates that are trusted in addition to the public authorities. */
  ca?: readonly string[];
  /** `User-Agent` of requests that do not set one. */
  userAgent?: string;
  /** Connections to one origin at the same time; 8. Further requests wait, and their deadline runs meanwhile. */
  connectionsPerOrigin?: number;
}

export interface HttpRequest {
  url: string;
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array | string;
  /** Limit from the look-up to the last byte, redirects included, ms; 10,000. */
  timeoutMs?: number;
  /** How many bytes of the response's body are kept; 65,536. */
  maxBytes?: number;
  /** How many redirects of a GET or HEAD are followed; 0. With 0 the 3xx response itself is given. */
  maxRedirects?: number;
}

/**
 * `response`: any status that the peer gave; `truncated`: the body was longer than `maxBytes`. `refused`: this URL may not be fetched, and trying
 * again does not help unless the host's address changes. `failed`: no answer; trying again makes sense. The texts may be shown to whoever gave the
 * URL.
 */
export type HttpResult =
  | { kind: 'response'; status: number; headers: IncomingHttpHeaders; body: Buffer; truncated: boolean; url: string }
  | Refused
  | { kind: 'failed'; reason: 'dns' | 'connect' | 'tls' | 'timeout' | 'lost'; text: string };

export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResult>;
  /** Closes all connections: those in use and those kept for later requests. */
  close(): void;
}

type Target = Extract<CheckedUrl, { kind: 'url' }>;
type Failure = Extract<HttpResult, { kind: 'failed' }>;

const CONNECTIONS_IN_ALL = 512;
/** Web servers keep an unused connection for 5 s or more. This is shorter, so that a request seldom meets a connection that is just closing. */
const KEEP_IDLE_MS = 4000;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Headers that the caller cannot set: they frame the request or belong to the connection. */
const OWN_HEADERS = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'expect']);
/** Headers that are removed when a redirect leads to another origin. */
const SECRET_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization']);

export function makeHttpClient(options: HttpClientOptions): HttpClient {
  const { allowPrivate, allowPort = isWebPort, ca = [], userAgent = 'Mailwagon', connectionsPerOrigin = 8 } = options;
  const common = {
    lookup: makeGuardedLookup(options),
    keepAlive: true,
    maxSockets: connectionsPerOrigin,
    maxTotalSockets: CONNECTIONS_IN_ALL,
    maxFreeSockets: 2,
    timeout: KEEP_IDLE_MS,
    // By default Node gives up on each address except the last after 250 ms. Distant hosts, or this process when it is busy, may take longer.
    autoSelectFamilyAttemptTimeout: 1000,
  };
  const authorities = ca.length > 0 ? { ca: [...rootCertificates, ...ca] } : {};
  const agents = {
    'http:': new HttpAgent(common),
    // One context for all connections: making one with `ca` blocks the event loop for 16 ms.
    'https:': new HttpsAgent({ ...common, secureContext: createSecureContext({ minVersion: 'TLSv1.2', ...authorities }) }),
  };

  function requestOptions({ url, host, port }: Target, { method = 'GET', headers = {}, body }: HttpRequest): RequestOptions {
    const given = Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()));
    const named = new Set(given.map(([name]) => name.toLowerCase()));
    return {
      hostname: host,
      port,
      path: `${url.pathname}${url.search}`,
      method,
      headers: {
        ...(named.has('user-agent') ? {} : { 'User-Agent': userAgent }),
        // Nothing is decompressed here, so no response can unpack to more than `maxBytes`.
        ...(named.has('accept-encoding') ? {} : { 'Accept-Encoding': 'identity' }),
        ...Object.fromEntries(given),
        ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
      },
    };
  }

  function exchange(target: Target, request: HttpRequest, signal: AbortSignal): Promise<HttpResult> {
    return new Promise((resolve) => {
      const protocol = target.url.protocol === 'https:' ? 'https:' : 'http:';
      const send = protocol === 'https:' ? httpsRequest : httpRequest;
      const outgoing = send({ ...requestOptions(target, request), agent: agents[protocol] });
      const finish = (result: HttpResult) => {
        signal.removeEventListener('abort', expire);
        resolve(result);
      };
      // If a request still waits for a connection, Node reports its destruction only after it has got one. So the result is given here.
      const expire = () => {
        finish({ kind: 'failed', reason: 'timeout', text: `${target.host} did not answer in time` });
        outgoing.destroy();
      };
      signal.addEventListener('abort', expire);
      // After the response has begun, only reading it decides how the exchange ends.
      let answered = false;
      outgoing.on('error', (error) => answered || finish(failureOf(error, target.host)));
      outgoing.on('close', () => answered || finish(lost(target.host, 'connection closed')));
      outgoing.on('upgrade', (_response, socket) => socket.destroy());
      outgoing.on('response', (response) => {
        answered = true;
        collect(response, request.maxBytes ?? 65_536).then(
          (read) =>
            finish({ kind: 'response', status: response.statusCode ?? 0, headers: response.headers, ...read, url: target.url.href }),
          (error: Error) => finish(lost(target.host, error.message)),
        );
      });
      outgoing.end(request.body);
    });
  }

  async function follow(request: HttpRequest, signal: AbortSignal): Promise<HttpResult> {
    let current = request;
    for (let left = request.maxRedirects ?? 0; ; left--) {
      const target = checkUrl(current.url, { allowPrivate, allowPort });
      if (target.kind === 'refused') return target;
      let result: HttpResult;
      try {
        result = await exchange(target, current, signal);
      } catch (error) {
        return refused('invalid', `The request cannot be sent: ${error instanceof Error ? error.message : 'unknown'}`);
      }
      const next = left > 0 ? redirected(current, target.url, result) : undefined;
      if (next === undefined) return result;
      if (next === 'downgrade') return refused('redirect', `${target.host} redirects from https:// to http://`);
      current = next;
    }
  }

  return {
    async request(request) {
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(), request.timeoutMs ?? 10_000);
      try {
        return await follow(request, deadline.signal);
      } finally {
        clearTimeout(timer);
      }
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** The request that follows a redirect; undefined if there is nothing to follow, 'downgrade' if it leads from https to http. */
function redirected(request: HttpRequest, from: URL, result: HttpResult): HttpRequest | 'downgrade' | undefined {
  if (result.kind !== 'response' || !REDIRECTS.has(result.status)) return undefined;
  if (request.method !== undefined && request.method !== 'GET' && request.method !== 'HEAD') return undefined;
  const { location } = result.headers;
  if (location === undefined || !URL.canParse(location, from.href)) return undefined;
  const to = new URL(location, from);
  if (from.protocol === 'https:' && to.protocol === 'http:') return 'downgrade';
  const kept = Object.entries(request.headers ?? {}).filter(
    ([name]) => to.origin === from.origin || !SECRET_HEADERS.has(name.toLowerCase()),
  );
  return { ...request, url: to.href, headers: Object.fromEntries(kept) };
}

/** Rejects if the connection ends before the body does. */
async function collect(response: IncomingMessage, maxBytes: number): Promise<{ body: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop destroys the response and its connection, so the rest is not received.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break;
  }
  return { body: Buffer.concat(chunks).subarray(0, maxBytes), truncated: size > maxBytes };
}

const lost = (host: string, why: string): Failure => ({ kind: 'failed', reason: 'lost', text: `The connection to ${host} failed: ${why}` });

function failureOf(error: NodeJS.ErrnoException, host: string): HttpResult {
  if (error instanceof LookupError) {
    return error.kind === 'refused' ? refused('address', error.message) : { kind: 'failed', reason: 'dns', text: error.message };
  }
  const code = error.code ?? error.message;
  if (error.syscall === 'connect' || error instanceof AggregateError) {
    return { kind: 'failed', reason: 'connect', text: `Cannot connect to ${host}: ${code}` };
  }
  if (isTlsError(code)) return { kind: 'failed', reason: 'tls', text: `TLS with ${host} failed: ${code}` };
  return lost(host, code);
}

/** Certificate problems (names of OpenSSL and of Node), and `EPROTO` for a failed handshake. */
const isTlsError = (code: string): boolean =>
  /^(?:EPROTO|ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|PATH_LENGTH_)/.test(
    code,
  );
