import type { MessageAnswer } from '../contract/domain-answers.js';
import type { DomainIpsAnswer, IpAnswer, IpDomainsAnswer, IpListAnswer, StartedAnswer } from '../contract/ip-answers.js';
import { type ApiRequest, defineEndpoint, type EndpointDefinition, type Services } from '../endpoint/define-endpoint.js';
import { presentStarted } from '../present/acknowledgements.js';
import { readPage } from '../present/paging.js';

/** Every address is the server's own, so all are dedicated and enabled. */
async function list({ form }: ApiRequest, { directory, warmups }: Services): Promise<IpListAnswer> {
  const items = form.flag('dedicated') === false || form.flag('enabled') === false ? [] : [...directory.sendingIps.names];
  const details = items.map((ip) => ({ ip, dedicated: true, enabled: true, is_on_warmup: warmups.find(ip) !== undefined }));
  return { items, total_count: items.length, assignable_to_pools: items, details };
}

async function show(request: ApiRequest<'ip'>, { directory, warmups }: Services): Promise<IpAnswer> {
  const ip = directory.sendingIps.resolve(request.params.ip);
  const rdns = (await directory.sendingIps.reverseName(ip)) ?? '';
  return { ip, dedicated: true, rdns, is_on_warmup: warmups.find(ip) !== undefined };
}

async function listDomains(request: ApiRequest<'ip'>, { directory }: Services): Promise<IpDomainsAnswer> {
  const page = { ...readPage(request.form), search: request.form.text('search') };
  const { items, total } = await directory.sendingIps.domainsWith(request.account, request.params.ip, page);
  return { items: items.map(({ domain, addresses }) => ({ domain, ips: addresses })), total_count: total };
}

async function giveToAll(request: ApiRequest<'ip'>, { directory }: Services): Promise<StartedAnswer> {
  await directory.sendingIps.giveToAll(request.account, request.params.ip);
  return presentStarted();
}

async function takeFromAll(request: ApiRequest<'ip'>, { directory }: Services): Promise<StartedAnswer> {
  await directory.sendingIps.takeFromAll(request.account, request.params.ip, request.form.text('alternative'));
  return presentStarted();
}

async function listOfDomain(request: ApiRequest<'domain'>, { directory }: Services): Promise<DomainIpsAnswer> {
  const { pool, addresses } = await directory.sendingIps.ofDomain(request.account, request.params.domain);
  const items = pool?.addresses ?? addresses;
  return { items, total_count: items.length, ...(pool === undefined ? {} : { pool_id: pool.publicId }) };
}

const readSource = ({ form }: ApiRequest) => ({ pool: form.text('pool_id'), address: form.text('ip') });

async function give(request: ApiRequest<'domain'>, { directory }: Services): Promise<MessageAnswer> {
  await directory.sendingIps.give(request.account, request.params.domain, readSource(request));
  return { message: 'success' };
}

async function take(request: ApiRequest<'domain' | 'ip'>, { directory }: Services): Promise<MessageAnswer> {
  await directory.sendingIps.take(request.account, request.params.domain, request.params.ip, readSource(request));
  return { message: 'success' };
}

export const ipEndpoints: EndpointDefinition[] = [
  defineEndpoint('GET /v3/ips', 'read', 'List account IPs', list),
  defineEndpoint('GET /v3/ips/:ip', 'read', 'Get details about account IP', show),
  defineEndpoint('GET /v3/ips/:ip/domains', 'read', 'Get all domains of an account where a specific IP is assigned', listDomains),
  defineEndpoint('POST /v3/ips/:ip/domains', 'write', 'Assign an IP to all account domains', giveToAll),
  defineEndpoint('DELETE /v3/ips/:ip/domains', 'write', 'Remove an IP from all account domains', takeFromAll),
  // Clients mix the versions.
  ...(['v3', 'v4'] as const).flatMap((version) => [
    defineEndpoint(`GET /${version}/domains/:domain/ips`, 'read', 'List the IPs of a domain', listOfDomain),
    defineEndpoint(`POST /${version}/domains/:domain/ips`, 'write', 'Give a domain an IP or an IP pool', give),
    defineEndpoint(`DELETE /${version}/domains/:domain/ips/:ip`, 'write', 'Remove an IP from a domain, or unlink its IP pool', take),
  ]),
  defineEndpoint('DELETE /v3/domains/:domain/pool/:ip', 'write', 'Remove an IP from a domain, or unlink its IP pool', take),
];
