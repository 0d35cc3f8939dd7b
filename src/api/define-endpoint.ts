/** What an endpoint is: where it lives, who may call it, what its path parameters name, and the handler that answers it. */
import type { Clock, LooseDots } from '#core';
import type { Warmups } from '#delivery';
import type { Directory, NoteIdle } from '#directory';
import type { ConversationLog, EventLog } from '#events';
import type { Form } from '#http';
import type { Intake, Resend } from '#intake';
import type { StoredMessages } from '#messages';
import type { Queue } from '#queue';
import type { ApiKeyRecord } from '#store';
import type { Workers } from '#workers';

/** The folders a handler may call, and what it may know of this server. */
export interface Services {
  directory: Directory;
  intake: Intake;
  stored: StoredMessages;
  resend: Resend;
  queue: Queue;
  events: EventLog;
  conversations: Pick<ConversationLog, 'find'>;
  warmups: Pick<Warmups, 'list' | 'find' | 'begin' | 'cancel'>;
  /** Tells the log of settings that have no effect. */
  noteIdle: NoteIdle;
  workers: Pick<Workers, 'run'>;
  clock: Clock;
  looseDots: LooseDots;
  /** Name of this server. */
  hostname: string;
  version: string;
  /** Monotonic ms when the API was made. */
  startedAt: number;
}

/** One authenticated request, its body read. */
export interface Call {
  /** `POST /v3/:domain/messages`. */
  endpoint: string;
  account: number;
  key: ApiKeyRecord;
  /** Path parameters, percent-decoded; anything the client liked to write. */
  params: Record<string, string>;
  form: Form;
  /** A request header by its name in lower case. */
  header(name: string): string | undefined;
  /** Scheme and host as the client sees them, without a trailing slash. */
  baseUrl: string;
  remoteAddress: string;
}

/** Documentation groups; `Operator` is our own, for the command line. */
export type Group =
  | 'Messages'
  | 'Domains'
  | 'Credentials'
  | 'Keys'
  | 'Events'
  | 'Templates'
  | 'IPs'
  | 'IP Pools'
  | 'IP Address Warmup'
  | 'Operator';

/** `send` is what a domain sending key may do for its domain; `read` and `write` are judged by role and group (`may-call.ts`). */
export type Access = 'send' | 'read' | 'write';

/** What a path parameter names, so that tests can put another account's there. */
export type ParameterKind =
  | 'domain'
  | 'login'
  | 'key'
  | 'delivery'
  | 'page'
  | 'selector'
  | 'message'
  | 'attachment'
  | 'template'
  | 'version'
  /** Of a version that a copy makes. */
  | 'newversion'
  | 'ip'
  | 'pool';

export interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with `:parameters`. */
  path: string;
  group: Group;
  title: string;
  access: Access;
  /** One entry per `:parameter` of the path. */
  parameters: Record<string, ParameterKind>;
  /** Gives the JSON of a 200 answer, or a StreamAnswer. Throws Refusal or StoreError; anything else is answered as an internal error. */
  handler(call: Call, services: Services): Promise<object>;
}

type Handler = Endpoint['handler'];

/** A path parameter is called like its kind: `:domain`, `:login` and so on. */
const KINDS: ReadonlySet<string> = new Set<ParameterKind>([
  'domain',
  'login',
  'key',
  'delivery',
  'page',
  'selector',
  'message',
  'attachment',
  'template',
  'version',
  'newversion',
  'ip',
  'pool',
]);

/** `defineEndpoint('GET /v3/:domain/events', { … })`. Throws on a path parameter of unknown kind. */
export function defineEndpoint(
  route: `${Endpoint['method']} /${string}`,
  group: Group,
  access: Access,
  title: string,
  handler: Handler,
): Endpoint {
  const [method, path] = route.split(' ') as [Endpoint['method'], string];
  const names = [...path.matchAll(/:([a-z]+)/g)].map((match) => match[1] as string);
  const unknown = names.find((name) => !KINDS.has(name));
  if (unknown !== undefined) throw new Error(`${route}: path parameter ':${unknown}' is of no known kind`);
  return {
    method,
    path,
    group,
    title,
    access,
    parameters: Object.fromEntries(names.map((name) => [name, name as ParameterKind])),
    handler,
  };
}

/** A path parameter that the route is known to have. */
export const pathParameter = (call: Call, name: ParameterKind): string => call.params[name] ?? '';
