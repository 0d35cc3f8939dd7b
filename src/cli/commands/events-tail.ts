/** `events tail`: prints events as they happen, one line each, until Ctrl-C. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { SECOND } from '#core';
import { EVENT_NAMES } from '#events';
import { type ApiClient, ServerAway } from '../ask/api-client.js';
import { connect, type ServerOptions } from '../ask/connect.js';
import { accountCommand, type Cli, repeated } from '../cli.js';
import { WrongUsage } from '../command-errors.js';
import { eventLine, shownName, type WireEvent } from '../render/event-line.js';
import { parseSince } from '../render/time-text.js';
import { makePaint } from '../terminal.js';
import { showsOwners } from './queue/queue-list.js';

const POLL_MS = SECOND;

interface Options extends ServerOptions {
  since: string;
  follow: boolean;
  account?: string;
  domain?: string;
  event?: string[];
}

interface Page {
  items: WireEvent[];
  paging: { next: string };
}

export function eventsTail(cli: Cli): Command {
  return accountCommand(cli, 'tail', 'print events as they happen')
    .option('--since <time>', 'begin here: 90s, 10m, 2h, 3d ago, or a date', '10m')
    .option('--no-follow', 'print what is there and stop')
    .option('--follow', 'go on until Ctrl-C (default)')
    .option('--domain <domain>', 'only of this domain')
    .option(
      '--event <name>',
      'only these events: accepted, delivered, deferred, failed (deferred ones too), rejected, … (repeat for more)',
      repeated,
    )
    .action(async (options: Options) => {
      const begin = parseSince(options.since, cli.clock.now());
      if (begin === undefined)
        throw new WrongUsage(`--since ${options.since}: expected 90s, 10m, 2h, 3d or a date such as 2026-03-04T10:15:00Z`);
      const { account, domain } = options;
      const names = readEventNames(options.event);
      // Mailgun's own query knows only the account of the key.
      const isOwn = domain !== undefined && account === undefined;
      const path = isOwn ? `/v3/${encodeURIComponent(domain)}/events` : '/mailwagon/v1/events';
      // Alternatives are joined with OR. The same field twice would mean both at once.
      const query = {
        account,
        domain: isOwn ? undefined : domain,
        begin: begin / SECOND,
        ascending: 'yes',
        limit: 300,
        event: names && [...new Set(names.map((name) => (name === DEFERRED ? 'failed' : name)))].join(' OR '),
        severity: names?.every((name) => name === DEFERRED) ? 'temporary' : undefined,
      };
      const interrupted = cli.interruption();
      const api = connect(cli, options, interrupted);
      try {
        await tail({ cli, options, api, interrupted, isWanted: wanted(names) }, await api.get<Page>(path, query));
      } catch (error) {
        if (!interrupted.aborted) throw error;
      }
    });
}

/** The name of a temporary failure in this command; in the API it is `failed` with a severity. */
const DEFERRED = 'deferred';

/** Throws WrongUsage for a name of no event. */
function readEventNames(given: readonly string[] | undefined): string[] | undefined {
  const known = [...Object.keys(EVENT_NAMES), DEFERRED];
  const names = given?.map((name) => name.toLowerCase());
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new WrongUsage(`--event ${unknown}: there is no such event; expected one of ${known.join(', ')}`);
  return names;
}

/** Asked for `deferred` and other names, the server gives all failures. This keeps the ones that were asked for. */
const wanted =
  (names: readonly string[] | undefined) =>
  (event: WireEvent): boolean =>
    names === undefined || names.includes(event.event) || names.includes(shownName(event));

interface Tail {
  cli: Cli;
  options: Options;
  api: ApiClient;
  interrupted: AbortSignal;
  isWanted: (event: WireEvent) => boolean;
}

async function tail(context: Tail, first: Page): Promise<void> {
  const { cli, options, interrupted, isWanted } = context;
  const paint = makePaint(cli.terminal.colour);
  const isAll = showsOwners(options.account);
  let page = first;
  for (;;) {
    for (const event of page.items.filter(isWanted))
      cli.terminal.out(options.json ? JSON.stringify(event) : eventLine(paint, event, isAll));
    if (page.items.length === 0) {
      if (!options.follow) return;
      await pause(interrupted);
    }
    page = await nextPage(context, page);
  }
}

/** Gets the next page. While following, it waits for a server that restarts. */
async function nextPage({ cli, options, api, interrupted }: Tail, page: Page): Promise<Page> {
  for (let away = false; ; away = true) {
    try {
      return await api.getPage<Page>(page.paging.next);
    } catch (error) {
      if (!options.follow || !(error instanceof ServerAway)) throw error;
      if (!away) cli.terminal.err('The server is away; waiting for it.');
      await pause(interrupted);
    }
  }
}

const pause = (interrupted: AbortSignal) => sleep(POLL_MS, undefined, { signal: interrupted });
