/** Checks that mail can leave: the resolver, and port 25 of a few large receivers, whose addresses the configured resolver gives. */
import { randomToken } from '#core';
import { makeResolverCheck, resolveHostAddresses, resolveMailExchangers } from '#net';
import { type Check, findings, type Patient } from './finding.js';

/** Receivers that are always up. Nothing is sent to them; the greeting is read and the connection closed. */
const WELL_KNOWN = ['gmail.com', 'outlook.com', 'yahoo.com'] as const;

export const checkResolver: Check = async ({ config, world }) => {
  const say = findings('resolver');
  const choose = 'name working resolvers in dns.servers; best is a validating one such as unbound on this machine: ["127.0.0.1"]';
  const began = world.clock.monotonic();
  const answers = await Promise.all(WELL_KNOWN.map((name) => world.dns.query(name, 'MX')));
  const ms = Math.round(world.clock.monotonic() - began);
  const good = answers.filter((answer) => answer.kind === 'records');
  if (good.length === 0) {
    const [first] = answers;
    const reason = first?.kind === 'failed' ? first.reason : 'names that exist are said not to exist';
    return [
      say.fail(
        `no usable answer for ${WELL_KNOWN.join(', ')} (${reason}): this machine is offline or its resolver is broken; no mail can leave`,
        choose,
      ),
    ];
  }
  const result = [
    ms > 2000
      ? say.warn(`the resolver answers, but took ${ms} ms; every new destination waits that long`, choose)
      : say.ok(`the resolver answers (${ms} ms); answers may be kept ${Math.min(...good.map(({ ttl }) => ttl))} s`),
  ];
  const nowhere = await world.dns.query(
    `${randomToken(9)
      .replace(/[^a-z0-9]/gi, 'x')
      .toLowerCase()}.invalid`,
    'A',
  );
  if (nowhere.kind === 'records') {
    result.push(
      say.fail('the resolver invents addresses for names that do not exist; mail to mistyped domains would go to strangers', choose),
    );
  }
  const dnssec = findings('dnssec');
  const standing = await makeResolverCheck({ dns: world.dns, servers: config.dns.servers }).check();
  result.push(
    standing.kind === 'validates'
      ? dnssec.ok(standing.text)
      : standing.kind === 'unknown'
        ? dnssec.skip(standing.text)
        : dnssec.warn(standing.text, choose),
  );
  return result;
};

export const checkPort25: Check = async (patient) => {
  const say = findings('port 25');
  const { config } = patient;
  const { port } = config.delivery;
  const smarthost = config.delivery.transports.find(({ match }) => match === '*');
  if (smarthost !== undefined) return [await checkSmarthost(patient, smarthost)];
  const probes = await Promise.all(WELL_KNOWN.map((domain) => probeDomain(patient, domain)));
  const told = probes.filter((probe) => probe !== undefined);
  if (told.length === 0) return [say.skip('not tried: no mail server could be looked up (see resolver)')];
  const reached = told.find((probe) => probe.result.kind === 'greeted');
  if (reached !== undefined) return [say.ok(`${reached.host} answers on port ${port}`)];
  const offline = told.every(({ result }) => result.kind === 'failed' && /^E(?:NETUNREACH|HOSTUNREACH|NETDOWN)$/.test(result.code));
  if (offline) return [say.fail('this machine is offline: there is no way to the Internet', 'mend the network, or its routes')];
  const how = told.map(({ host, result }) => `${host}: ${result.kind === 'failed' ? result.code : 'no greeting'}`).join(', ');
  return [
    say.fail(
      `connections to port ${port} do not get through (${how}); most hosters block it until asked`,
      'ask your hoster to open outgoing port 25, or send through a smarthost (delivery.transports)',
    ),
  ];
};

async function probeDomain({ config: { delivery }, world }: Patient, domain: string) {
  const found = await resolveMailExchangers(world.dns, domain);
  const host = found.kind === 'exchangers' ? found.hosts[0]?.name : undefined;
  if (host === undefined) return undefined;
  const addresses = await resolveHostAddresses(world.dns, host, { allowPrivate: delivery.allowPrivateNetworks, ipv6: false });
  const ip = addresses.kind === 'addresses' ? addresses.addresses[0]?.ip : undefined;
  return ip === undefined ? undefined : { host, result: await world.probe(ip, delivery.port) };
}

async function checkSmarthost({ world }: Patient, { host, port, tls }: Patient['config']['delivery']['transports'][number]) {
  const say = findings('smarthost');
  const addresses = await world.addressesOfHost(host);
  const ip = addresses.kind === 'addresses' ? addresses.addresses[0]?.ip : undefined;
  if (ip === undefined) return say.fail(`no address of the smarthost ${host} can be found`, 'mend delivery.transports');
  const result = await world.probe(ip, port);
  if (result.kind === 'greeted' || (tls === 'implicit' && result.kind === 'silent'))
    return say.ok(`all mail goes through ${host}, which answers on port ${port}`);
  const how = result.kind === 'failed' ? result.code : 'no greeting';
  return say.fail(
    `all mail goes through ${host}, which does not answer on port ${port} (${how})`,
    'mend delivery.transports, or the way there',
  );
}
