/** What an endpoint is: its route, who may call it, and the handler that answers it. Each of these is said once, where the endpoint is defined. */
import type { Clock, LooseDots } from '#core';
import type { Warmups } from '#delivery';
import type { Directory, NoteIdle } from '#directory';
import type { EventLog, TranscriptLog } from '#events';
import type { Form } from '#http';
import type { Intake, Resend } from '#intake';
import type { StoredMessages } from '#messages';
import type { Queue } from '#queue';
import type { ApiKeyRecord, KeyRole } from '#store';
import type { Workers } from '#workers';

/** The rooms a handler may call, and what it may know of this server. */
export interface Services {
  directory: Directory;
  intake: Intake;
  stored: StoredMessages;
  resend: Resend;
  queue: Queue;
  events: EventLog;
  /** What was said to peers, for the operator. */
  transcripts: Pick<TranscriptLog, 'find'>;
  warmups: Pick<Warmups, 'list' | 'find' | 'begin' | 'cancel'>;
  /** Tells the log of settings that have no effect. */
  noteIdle: NoteIdle;
  workers: Pick<Workers, 'run'>;
  clock: Clock;
  looseDots: LooseDots;
  /** Name of this server; the host of URLs when a client sends none. */
  hostname: string;
  version: string;
  /** Monotonic ms when the API was made. */
  startedAt: number;
}

/** One authenticated request, its body read. `Parameters` are the names of the path parameters that a handler needs. */
export interface ApiRequest<Parameters extends string = string> {
  /** `POST /v3/:domain/messages`. */
  endpoint: string;
  account: number;
  key: ApiKeyRecord;
  /** Path parameters, percent-decoded; anything the client liked to write. */
  params: Readonly<Record<Parameters, string>>;
  form: Form;
  /** A request header by its name in lower case. */
  header(name: string): string | undefined;
  /** Scheme and host as the client sees them, without a trailing slash. */
  baseUrl: string;
  remoteAddress: string;
}

/** Gives the JSON of a 200 answer, or a StreamAnswer. Throws Refusal, StoreError or ErrorAnswer; anything else is answered as an internal error. */
type Handler<Parameters extends string = string> = (request: ApiRequest<Parameters>, services: Services) => Promise<object>;

/** `send` is what a domain sending key may do for its domain; `read` and `write` are judged by the role of the key. */
export type Access = 'send' | 'read' | 'write';

/** What each role may do in a group. An administrator may do everything, a sending key nothing but send. */
export type Permissions = Readonly<Record<Exclude<KeyRole, 'admin' | 'sending'>, 'none' | 'read' | 'write'>>;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface EndpointDefinition {
  method: Method;
  /** Path with `:parameters`. */
  path: string;
  title: string;
  access: Access;
  /** Names of the path's parameters, in order. The same name is the same kind of thing in every path. */
  parameters: readonly string[];
  handler: Handler;
}

export interface Endpoint extends EndpointDefinition {
  /** Documentation group. */
  group: string;
  permissions: Permissions;
}

/** `domain` and `login` of `/v3/domains/:domain/credentials/:login`. */
type ParametersOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParametersOf<Rest>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

/** `defineEndpoint('GET /v3/:domain/events', 'read', 'Query the events of a domain', list)`. The route must have the parameters that the handler needs. */
export function defineEndpoint<Route extends `${Method} /${string}`>(
  route: Route,
  access: Access,
  title: string,
  handler: Handler<ParametersOf<Route>>,
): EndpointDefinition {
  const [method, path] = route.split(' ') as [Method, string];
  const parameters = [...path.matchAll(/:([a-z]+)/g)].map((match) => match[1] as string);
  // Whoever calls it has matched the path, so its parameters are there.
  return { method, path, title, access, parameters, handler: handler as Handler };
}

/** Puts endpoints into a documentation group, which says what each role may do there. */
export const inGroup =
  (group: string, permissions: Permissions) =>
  (definitions: readonly EndpointDefinition[]): Endpoint[] =>
    definitions.map((definition) => ({ ...definition, group, permissions }));
