/**
 * Where the mail of each destination goes, and which site that is. A route is looked up once for all mail to the destination and kept for a while. A
 * route that has become old is used while it is looked up anew. So a resolver in trouble delays only destinations whose route is not known yet.
 */
import { type Clock, MINUTE, makeConcurrencyLimit, ownReply, SECOND, type SmtpReply } from '#core';
import {
  type AddressResult,
  type Dane,
  type DaneResult,
  type Dns,
  lookupSystemHost,
  type MtaSts,
  resolveHostAddresses,
  resolveMailExchangers,
  type StsPolicy,
} from '#net';
import { nobody, siteName } from './site-name.js';
import { findTransport, siteOfTransport, type Transport } from './transport.js';

/** A host that mail for a destination may be given to. Its addresses are looked up when its turn comes. */
export interface NextHop {
  name: string;
  port: number;
  /** Lower is better; hosts of the same preference are as good as each other. */
  preference: number;
  addresses: () => Promise<AddressResult>;
  /** Which certificates DNSSEC allows the host at these addresses to show. */
  dane: (addresses: AddressResult) => Promise<DaneResult>;
}

export interface Route {
  readonly site: string;
  readonly transport: Transport | undefined;
  /** By preference, then in random order. */
  readonly hops: readonly NextHop[];
  /** MTA-STS policy of the destination; those of smarthosts are the operator's business. */
  readonly sts: StsPolicy | undefined;
  /** There is nobody to connect to. */
  readonly none: { permanent: boolean; reply: SmtpReply } | undefined;
}

/** What is known of a site of mail exchangers. */
export interface SiteFacts {
  mxHosts: readonly string[];
  /** One of the destinations that are there. */
  destination: string;
}

export interface Routes {
  /** What is known, if it may still be used. */
  known(destination: string): Route | undefined;
  /** Looks it up, or waits for the look-up under way. Never rejects. */
  resolve(destination: string): Promise<Route>;
  /** By way of a smarthost, whatever the destination. */
  through(transport: Transport): Route;
  /** Undefined for a smarthost, a destination without a host, and a site that was forgotten. */
  siteFacts(site: string): SiteFacts | undefined;
}

export interface ResolveDeps {
  dns: Dns;
  transports: readonly Transport[];
  /** Port of mail exchangers. */
  port: number;
  /** This server's name: mail that would come back here is not sent. */
  hostname: string;
  /** The domain is a customer's of this server. */
  isHosted: (domain: string) => Promise<boolean>;
  allowPrivate: boolean;
  /** Whether this machine can reach IPv6 hosts. */
  ipv6: boolean;
  mtaSts: MtaSts;
  dane: Dane;
}

export interface RoutesDeps extends ResolveDeps {
  clock: Clock;
  /** The destination is at this site; the route may be used until then (monotonic clock, ms). */
  onRoute: (destination: string, site: string, until: number) => void;
}

/** The DNS cache knows how long each record lives; asking it again this often costs next to nothing. */
const FRESH_MS = 30 * SECOND;
/** How long a route may be used beyond that while it is looked up anew. */
const GRACE_MS = 5 * MINUTE;
const NOBODY_MS = 60 * SECOND;
const FAILURE_MS = 5 * SECOND;
const MAX_ROUTES = 20_000;
/** Look-ups at a time. Only destinations without a route wait for a slow resolver. */
const MAX_LOOKUPS = 256;

interface Entry {
  route: Route;
  freshUntil: number;
  usableUntil: number;
}

export function makeRoutes(deps: RoutesDeps): Routes {
  const { dns, clock, transports, port, hostname, isHosted, allowPrivate, ipv6, mtaSts, dane, onRoute } = deps;
  const lookup = makeSmarthostLookup(clock);
  const entries = new Map<string, Entry>();
  const sites = new Map<string, SiteFacts>();
  const running = new Map<string, Promise<Route>>();
  const inTurn = makeConcurrencyLimit(MAX_LOOKUPS);

  const viaTransport = (transport: Transport): Route => ({
    site: siteOfTransport(transport),
    transport,
    hops: [{ name: transport.host, port: transport.port, preference: 0, addresses: () => lookup(transport.host), dane: NO_DANE }],
    sts: undefined,
    none: undefined,
  });

  /** A smarthost that is configured for the destination comes first, every time it is asked. */
  const routeOf = (destination: string): Route | Promise<Route> => {
    const transport = findTransport(transports, destination);
    return transport === undefined ? viaExchangers(destination) : viaTransport(transport);
  };

  async function viaExchangers(destination: string): Promise<Route> {
    const [found, sts] = await Promise.all([
      inTurn(() => resolveMailExchangers(dns, destination, { ownNames: [hostname.toLowerCase()] })),
      // Outside that limit: a server that is slow to give its policy delays no other destination.
      mtaSts.policyFor(destination),
    ]);
    if (found.kind === 'none') {
      const { permanent, code, enhancedCode, text, isOwn } = found;
      const none =
        isOwn === true && (await isHosted(destination))
          ? { permanent: false, reply: notReceived(destination) }
          : { permanent, reply: { code, enhancedCode, text } };
      return { site: nobody(destination), transport: undefined, hops: [], sts, none };
    }
    const hops = found.hosts.map(({ name, preference }) => ({
      name,
      port,
      preference,
      addresses: () => resolveHostAddresses(dns, name, { allowPrivate, ipv6 }),
      dane: (addresses: AddressResult) =>
        dane.daneFor({ nextHop: destination, mxAuthenticated: found.authenticated, mxHost: name, addresses, port }),
    }));
    const shared = siteName(hops.map(({ name }) => name));
    // A policy belongs to one domain. Domains that only share its exchangers share neither its connections nor its failures.
    const site = sts?.mode === 'enforce' ? `${shared} sts:${destination}` : shared;
    return { site, transport: undefined, hops, sts, none: undefined };
  }

  function keep(destination: string, route: Route): Route {
    const now = clock.monotonic();
    const old = entries.get(destination);
    // A resolver that fails now says nothing about where the mail goes.
    if (route.none?.permanent === false && old !== undefined && old.route.none === undefined && old.usableUntil > now) {
      old.freshUntil = now + FAILURE_MS;
      return old.route;
    }
    const fresh = route.none === undefined ? FRESH_MS : route.none.permanent ? NOBODY_MS : FAILURE_MS;
    const entry = { route, freshUntil: now + fresh, usableUntil: now + fresh + (route.none === undefined ? GRACE_MS : 0) };
    entries.delete(destination);
    entries.set(destination, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= MAX_ROUTES) break;
      entries.delete(oldest);
    }
    if (route.none === undefined && route.transport === undefined) noteSite(destination, route);
    onRoute(destination, route.site, entry.usableUntil);
    return route;
  }

  function noteSite(destination: string, { site, hops }: Route): void {
    sites.delete(site);
    sites.set(site, { mxHosts: hops.map(({ name }) => name), destination });
    for (const oldest of sites.keys()) {
      if (sites.size <= MAX_ROUTES) break;
      sites.delete(oldest);
    }
  }

  const look = async (destination: string): Promise<Route> => keep(destination, await routeOf(destination));

  function resolve(destination: string): Promise<Route> {
    let lookingUp = running.get(destination);
    if (lookingUp === undefined) {
      lookingUp = look(destination).finally(() => running.delete(destination));
      running.set(destination, lookingUp);
    }
    return lookingUp;
  }

  return {
    known(destination) {
      const entry = entries.get(destination);
      const now = clock.monotonic();
      if (entry !== undefined && entry.usableUntil > now) {
        if (entry.freshUntil <= now) void resolve(destination);
        return entry.route;
      }
      const transport = findTransport(transports, destination);
      return transport === undefined ? undefined : keep(destination, viaTransport(transport));
    },
    resolve,
    through: viaTransport,
    siteFacts: (site) => sites.get(site),
  };
}

/** Reply for a customer's domain whose MX names this server. It is temporary: the mail waits until the MX is corrected. */
export const notReceived = (domain: string): SmtpReply =>
  ownReply(
    450,
    '4.2.1',
    `the MX of ${domain} names this server, which does not receive mail yet; let it name the server where its mail arrives`,
  );

/** Names of smarthosts come from the configuration, and their addresses from the system, which says nothing of DNSSEC. */
const NO_DANE: NextHop['dane'] = async () => ({ kind: 'none' });

/** The system's resolver tells no TTL and takes a thread of the pool for each question. */
const LOOKUP_LIFETIME = 30 * SECOND;
const FAILURE_LIFETIME = 5 * SECOND;

/** Only configured hosts are asked for, so what is kept is bounded by the configuration. */
function makeSmarthostLookup(clock: Clock): (host: string) => Promise<AddressResult> {
  const known = new Map<string, { until: number; result: Promise<AddressResult> }>();
  return (host) => {
    const kept = known.get(host);
    if (kept !== undefined && kept.until > clock.monotonic()) return kept.result;
    const entry = { until: Number.POSITIVE_INFINITY, result: lookupSystemHost(host) };
    known.set(host, entry);
    return entry.result.then((result) => {
      entry.until = clock.monotonic() + (result.kind === 'addresses' ? LOOKUP_LIFETIME : FAILURE_LIFETIME);
      return result;
    });
  };
}
