/** Runs a command line in this process against a fake server, and gives what it printed and its exit code. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Cli, makeProgram, runProgram } from '#cli';
import type { Environment } from '#config';

export const NOW = Date.UTC(2026, 2, 4, 10, 15, 30);

export interface Result {
  code: number;
  out: string;
  err: string;
}

export interface RunOptions {
  environment?: Partial<Environment>;
  input?: string;
  colour?: boolean;
  /** Called with each printed line; gives the signal that Ctrl-C aborts. */
  onOut?: (line: string) => void;
  interrupted?: AbortSignal;
  /** What a person types when asked; absent, nobody can be asked. */
  answer?: string;
}

/** A command line's outside world that writes to `printed`. */
export function testCli(printed: { out: string[]; err: string[] }, options: RunOptions = {}): Cli {
  return {
    environment: { noColor: true, ...options.environment },
    clock: { now: () => NOW, monotonic: () => NOW },
    interruption: () => options.interrupted ?? new AbortController().signal,
    terminal: {
      out: (line) => {
        printed.out.push(line);
        options.onOut?.(line);
      },
      err: (line) => void printed.err.push(line),
      colour: options.colour ?? false,
      readInput: async () => options.input ?? '',
      isInteractive: options.answer !== undefined,
      ask: async (question) => {
        printed.err.push(question);
        return options.answer ?? '';
      },
    },
  };
}

export async function runCli(argv: string[], options: RunOptions = {}): Promise<Result> {
  const printed = { out: [] as string[], err: [] as string[] };
  const cli = testCli(printed, options);
  const code = await runProgram(cli, makeProgram(cli), argv);
  return { code, out: printed.out.join('\n'), err: printed.err.join('\n') };
}

export interface Seen {
  method: string;
  path: string;
  query: URLSearchParams;
  /** The body as a form: urlencoded or multipart. */
  form: FormData;
  key: string;
}

export type Answer = { status?: number; body: unknown };

/** A server that remembers its requests and answers with what `answer` gives: JSON for objects, text for strings. */
export async function fakeServer(answer: (seen: Seen) => Answer) {
  const requests: Seen[] = [];
  const server = createServer((request, response) => void handle(request, response));
  async function handle(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '/', 'http://fake');
    const type = request.headers['content-type'] ?? 'application/x-www-form-urlencoded';
    const body = await new Response(Buffer.from(await text(request.setEncoding('latin1')), 'latin1'), {
      headers: { 'content-type': type },
    }).formData();
    const basic = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
    const seen = { method: request.method ?? '', path: url.pathname, query: url.searchParams, form: body, key: basic.replace(/^api:/, '') };
    requests.push(seen);
    const { status = 200, body: said } = answer(seen);
    response.writeHead(status, { 'content-type': typeof said === 'string' ? 'text/plain' : 'application/json' });
    response.end(typeof said === 'string' ? said : JSON.stringify(said));
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    /** Options that point a command at this server. */
    server: ['--api', url, '--key', 'secret-key'],
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
