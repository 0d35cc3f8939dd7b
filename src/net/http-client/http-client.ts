/**
 * Fetches URLs that customers and strangers gave, so that none of them can point this server at itself or its network, hold it up or fill it:
 * every address is checked where the socket opens, redirects are followed only when asked, time and size have bounds. Never rejects.
 *
 * On Node's own client: its `lookup` option is all the guard needs, and a library would bring redirects, decompression and proxies to switch off.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { createSecureContext, rootCertificates } from 'node:tls';
import { type GuardedLookupOptions, LookupError, makeGuardedLookup } from './guarded-lookup.js';
import { type CheckedUrl, checkUrl, isWebPort, type Refused, refused } from './url-guard.js';

export interface HttpClientOptions extends GuardedLookupOptions {
  /** `isWebPort` unless given. */
  allowPort?: (port: number) => boolean;
  /** PEM certificates trusted beside the public authorities. */
  ca?: readonly string[];
  /** `User-Agent` of requests that name none. */
  userAgent?: string;
  /** Connections to one origin at a time; 8. A request beyond them waits, its deadline running. */
  connectionsPerOrigin?: number;
}

export interface HttpRequest {
  url: string;
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array | string;
  /** Bound on everything from the look-up to the last byte, redirects included, ms; 10,000. */
  timeoutMs?: number;
  /** Bytes of the response's body that are kept; 65,536. */
  maxBytes?: number;
  /** How many redirects of a GET or HEAD are followed; 0, which gives the 3xx response itself. */
  maxRedirects?: number;
}

/**
 * `response`: whatever status the peer gave; `truncated`: the body went on beyond `maxBytes`. `refused`: this URL may not be fetched, now or
 * later, but for an address that changes. `failed`: no answer; trying again makes sense. Texts may be shown to whoever gave the URL.
 */
export type HttpResult =
  | { kind: 'response'; status: number; headers: IncomingHttpHeaders; body: Buffer; truncated: boolean; url: string }
  | Refused
  | { kind: 'failed'; reason: 'dns' | 'connect' | 'tls' | 'timeout' | 'lost'; text: string };

export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResult>;
  /** Closes the connections kept for later requests, and those in use. */
  close(): void;
}

type Target = Extract<CheckedUrl, { kind: 'url' }>;
type Failure = Extract<HttpResult, { kind: 'failed' }>;

const CONNECTIONS_IN_ALL = 512;
/** Shorter than what web servers keep an unused connection for (5 s and more), so that a request seldom meets one that is closing. */
const KEEP_IDLE_MS = 4000;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Never from the caller: they frame the request, or belong to the connection. */
const OWN_HEADERS = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'expect']);
/** Not for another origin than the one they were meant for. */
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
    // Node gives up on each address but the last after 250 ms, which distant hosts and a busy moment here exceed.
    autoSelectFamilyAttemptTimeout: 1000,
  };
  const authorities = ca.length > 0 ? { ca: [...rootCertificates, ...ca] } : {};
  const agents = {
    'http:': new HttpAgent(common),
    // One context for all connections: making one with `ca` takes 16 ms of the event loop.
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
        // Nothing is decompressed here, so nothing can unpack to more than `maxBytes`.
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
      // Node tells a request that still waits for a connection of its own destruction only once it has one.
      const expire = () => {
        finish({ kind: 'failed', reason: 'timeout', text: `${target.host} did not answer in time` });
        outgoing.destroy();
      };
      signal.addEventListener('abort', expire);
      // Once there is a response, reading it tells how the exchange ended.
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

/** Where a redirect leads, undefined when there is nothing to follow. */
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

/** Rejects when the connection ends before the body does. */
async function collect(response: IncomingMessage, maxBytes: number): Promise<{ body: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop destroys the response, and with it the connection that would bring the rest.
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

/** OpenSSL's names of certificate problems, Node's own, and `EPROTO` for a handshake that failed. */
const isTlsError = (code: string): boolean =>
  /^(?:EPROTO|ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|PATH_LENGTH_)/.test(
    code,
  );
