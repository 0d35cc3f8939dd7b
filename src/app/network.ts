/** Second stage: DNS, what domains demand of TLS, certificates, HTTP to others, and how many connections there is room for. */
import { readFileLimit } from '#metrics';
import {
  type ConnectionRoom,
  type Dane,
  type Dns,
  type HttpClient,
  hasGlobalIpv6,
  loadAuthorities,
  loadServerTls,
  type MtaSts,
  makeCidrMatcher,
  makeConnectionRoom,
  makeDane,
  makeDnsCache,
  makeDnsClient,
  makeHttpClient,
  makeMtaSts,
  makeResolverCheck,
  type ServerTls,
} from '#net';
import type { StageContext } from './stage-context.js';
import type { Storage } from './storage.js';

export interface Network {
  dns: Dns;
  /** Not from the cache: who verifies a domain has published what was missing a minute ago. */
  freshDns: Dns;
  mtaSts: MtaSts;
  dane: Dane;
  /** PEM certificates trusted beside the public authorities. */
  extraCa: readonly string[];
  /** For URLs of customers; whoever uses it closes it. */
  webhookHttp: HttpClient;
  /** Clients of the operator's own networks. */
  isTrusted: (ip: string) => boolean;
  room: () => ConnectionRoom;
  serverTls: ServerTls;
  /** Reads the files again. */
  loadTls: () => Promise<ServerTls>;
}

const DNS_CACHE_ENTRIES = 20_000;

export async function openNetwork({ config, logger, clock, start }: StageContext, { stores }: Storage): Promise<Network> {
  const { dataDir, hostname, tls } = config;
  const { servers } = config.dns;
  const { allowPrivateNetworks, mtaStsPort } = config.delivery;
  const freshDns = makeDnsClient({ servers: [...servers], clock });
  const dns = makeDnsCache({ client: freshDns, clock, maxEntries: DNS_CACHE_ENTRIES });
  const extraCa = await loadAuthorities(config.delivery.extraCa);
  const loadTls = () => loadServerTls({ certFile: tls.cert, keyFile: tls.key, dataDir, hostname, clock });
  const serverTls = await loadTls();
  const httpClient = (allowPrivate: boolean, allowPort?: (port: number) => boolean) =>
    makeHttpClient({ dns, allowPrivate, ipv6: allowPrivate || hasGlobalIpv6(), allowPort, ca: extraCa });
  const policyHttp = await start({
    name: 'client for MTA-STS policies',
    start: () => httpClient(allowPrivateNetworks, (port) => port === mtaStsPort),
    stop: (_graceMs, client) => client.close(),
  });
  const policies = { load: stores.directory.stsPolicies, save: stores.directory.saveStsPolicy };
  return {
    dns,
    freshDns,
    mtaSts: makeMtaSts({ dns, http: policyHttp, clock, logger, store: policies, port: mtaStsPort }),
    dane: makeDane({ dns, isTrusted: makeResolverCheck({ dns, servers }).isTrusted }),
    extraCa,
    webhookHttp: httpClient(config.webhooks.allowPrivateNetworks),
    isTrusted: makeCidrMatcher([...config.trustedNetworks]),
    room: makeConnectionRoom({ clock, readLimit: readFileLimit }),
    serverTls,
    loadTls,
  };
}
