/** Calls a running server's HTTP API. Every failure becomes a CommandFailed whose text says what to do next, and never has the key. */
import { cleanText } from '#core';
import { CommandFailed } from '../command-errors.js';

const TIMEOUT_MS = 60_000;
const PAGE = 100;

/** The server answered with a refusal; the text is the server's own. */
export class ApiRefusal extends CommandFailed {
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

/** There was no answer: nothing listens there, the name is unknown, or the answer took too long. */
export class ServerAway extends CommandFailed {}

export type Fields = Record<string, string | number | boolean | readonly string[] | undefined>;

export interface ApiClient {
  /** `path` begins with a slash. Undefined fields are left out, lists are repeated. Throws ApiRefusal or ServerAway. */
  get<T>(path: string, query?: Fields): Promise<T>;
  /** Follows a paging URL of an earlier answer, on the server this client speaks to. */
  getPage<T>(url: string): Promise<T>;
  post<T>(path: string, form?: Fields | FormData): Promise<T>;
  put<T>(path: string, form?: Fields): Promise<T>;
  remove<T>(path: string): Promise<T>;
  /** Every item of a list that pages with `skip` and `total_count`. */
  listAll<T>(path: string, query?: Fields): Promise<T[]>;
}

/** `url` is the base without a trailing slash. `interrupted` ends a call that waits. */
export function makeApiClient(options: { url: string; key: string; interrupted?: AbortSignal; timeoutMs?: number }): ApiClient {
  const { url, key, interrupted, timeoutMs = TIMEOUT_MS } = options;
  const authorization = `Basic ${Buffer.from(`api:${key}`).toString('base64')}`;

  async function call<T>(method: string, target: string, body?: URLSearchParams | FormData): Promise<T> {
    const timeout = AbortSignal.timeout(timeoutMs);
    let response: Response;
    let answer: string;
    try {
      const signal = interrupted ? AbortSignal.any([interrupted, timeout]) : timeout;
      response = await fetch(target, { method, body, signal, redirect: 'error', headers: { authorization, accept: 'application/json' } });
      answer = await response.text();
    } catch (error) {
      if (interrupted?.aborted) throw error;
      throw new ServerAway(unreachableText(url, timeout.aborted ? 'no answer in time' : reasonOf(error)));
    }
    return readAnswer<T>(url, response, answer);
  }

  const client: ApiClient = {
    get: (path, query) => call('GET', withQuery(url + path, query)),
    getPage: (page) => {
      const { pathname, search } = new URL(page);
      return call('GET', url + pathname + search);
    },
    post: (path, form) => call('POST', url + path, form instanceof FormData ? form : encode(form)),
    put: (path, form) => call('PUT', url + path, encode(form)),
    remove: (path) => call('DELETE', url + path),
    async listAll<T>(path: string, query: Fields = {}) {
      const all: T[] = [];
      for (;;) {
        const page = await client.get<{ items: T[]; total_count: number }>(path, { ...query, limit: PAGE, skip: all.length });
        all.push(...page.items);
        if (page.items.length === 0 || all.length >= page.total_count) return all;
      }
    },
  };
  return client;
}

function encode(fields: Fields = {}): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) params.append(name, String(one));
  }
  return params;
}

function withQuery(target: string, query?: Fields): string {
  const text = encode(query).toString();
  return text === '' ? target : `${target}?${text}`;
}

function readAnswer<T>(url: string, response: Response, answer: string): T {
  let body: unknown;
  try {
    body = JSON.parse(answer);
  } catch {
    body = undefined;
  }
  if (response.ok && typeof body === 'object' && body !== null) return body as T;
  if (response.ok) throw new CommandFailed(`What answers at ${url} is not a Mailwagon server`);
  if (response.status === 401)
    throw new ApiRefusal(401, `The server at ${url} does not accept this key (${cleanText(answer) || 'Forbidden'})`);
  const message = typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : answer;
  throw new ApiRefusal(response.status, cleanText(message) || `The server answered with status ${response.status}`);
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof Error && 'code' in cause) {
    const known: Record<string, string> = { ECONNREFUSED: 'nothing listens there', ENOTFOUND: 'the name is unknown' };
    return known[String(cause.code)] ?? String(cause.code);
  }
  return cause instanceof Error ? cause.message : String(cause);
}

const unreachableText = (url: string, reason: string) =>
  `No Mailwagon server answers at ${url} (${reason}).\nStart it with "mailwagon serve" or "systemctl start mailwagon", or name a running one with --api URL --key KEY.`;
