/** The server's addresses, which of them each domain's mail leaves from, and their warm-up. */
import { notFound } from '#core';
import type { MessageAnswer } from '../contract/domain-answers.js';
import type {
  DomainIpsAnswer,
  IpAnswer,
  IpDomainsAnswer,
  IpListAnswer,
  StartedAnswer,
  WarmupAnswer,
  WarmupListAnswer,
} from '../contract/ip-answers.js';
import { type Call, defineEndpoint, type Endpoint, pathParameter, type Services } from '../define-endpoint.js';
import { readPage, readPlace } from '../present/offset-page.js';
import { presentStarted } from '../present/started.js';
import { presentWarmup, presentWarmupItem } from '../present/warmup.js';

/** Every address is the server's own, so all are dedicated and enabled. */
async function list({ form }: Call, { directory, warmups }: Services): Promise<IpListAnswer> {
  const items = form.flag('dedicated') === false || form.flag('enabled') === false ? [] : [...directory.sendingIps.names];
  const details = items.map((ip) => ({ ip, dedicated: true, enabled: true, is_on_warmup: warmups.find(ip) !== undefined }));
  return { items, total_count: items.length, assignable_to_pools: items, details };
}

async function show(call: Call, { directory, warmups }: Services): Promise<IpAnswer> {
  const ip = directory.sendingIps.resolve(pathParameter(call, 'ip'));
  const rdns = (await directory.sendingIps.reverseName(ip)) ?? '';
  return { ip, dedicated: true, rdns, is_on_warmup: warmups.find(ip) !== undefined };
}

async function listDomains(call: Call, { directory }: Services): Promise<IpDomainsAnswer> {
  const page = { ...readPage(call.form), search: call.form.text('search') };
  const { items, total } = await directory.sendingIps.domainsWith(call.account, pathParameter(call, 'ip'), page);
  return { items: items.map(({ domain, addresses }) => ({ domain, ips: addresses })), total_count: total };
}

async function giveToAll(call: Call, { directory }: Services): Promise<StartedAnswer> {
  await directory.sendingIps.giveToAll(call.account, pathParameter(call, 'ip'));
  return presentStarted();
}

async function takeFromAll(call: Call, { directory }: Services): Promise<StartedAnswer> {
  await directory.sendingIps.takeFromAll(call.account, pathParameter(call, 'ip'), call.form.text('alternative'));
  return presentStarted();
}

async function listOfDomain(call: Call, { directory }: Services): Promise<DomainIpsAnswer> {
  const { pool, addresses } = await directory.sendingIps.ofDomain(call.account, pathParameter(call, 'domain'));
  const items = pool?.addresses ?? addresses;
  return { items, total_count: items.length, ...(pool === undefined ? {} : { pool_id: pool.publicId }) };
}

const readSource = ({ form }: Call) => ({ pool: form.text('pool_id'), address: form.text('ip') });

async function give(call: Call, { directory }: Services): Promise<MessageAnswer> {
  await directory.sendingIps.give(call.account, pathParameter(call, 'domain'), readSource(call));
  return { message: 'success' };
}

async function take(call: Call, { directory }: Services): Promise<MessageAnswer> {
  await directory.sendingIps.take(call.account, pathParameter(call, 'domain'), pathParameter(call, 'ip'), readSource(call));
  return { message: 'success' };
}

/** Clients go on to the next page until one is empty. */
async function listWarmups({ form, baseUrl }: Call, { warmups }: Services): Promise<WarmupListAnswer> {
  const limit = form.pageSize({ usual: 10, max: 1000 });
  const start = readPlace(form);
  const plans = warmups.list().slice(start, start + limit);
  const url = (from: number) => `${baseUrl}/v3/ip_warmups?limit=${limit}&page=${from}`;
  return { items: plans.map(presentWarmupItem), paging: { first: url(0), next: url(start + plans.length) } };
}

async function showWarmup(call: Call, { directory, warmups }: Services): Promise<WarmupAnswer> {
  const ip = directory.sendingIps.resolve(pathParameter(call, 'ip'));
  const plan = warmups.find(ip);
  if (plan === undefined) throw notFound(`IP is not on warmup: ${ip}`);
  return presentWarmup(plan);
}

async function beginWarmup(call: Call, { directory, warmups }: Services): Promise<MessageAnswer> {
  await warmups.begin(directory.sendingIps.resolve(pathParameter(call, 'ip')));
  return { message: 'success' };
}

async function cancelWarmup(call: Call, { directory, warmups }: Services): Promise<MessageAnswer> {
  const ip = directory.sendingIps.resolve(pathParameter(call, 'ip'));
  if (!(await warmups.cancel(ip))) throw notFound(`IP is not on warmup: ${ip}`);
  return { message: 'success' };
}

export const ipEndpoints: Endpoint[] = [
  defineEndpoint('GET /v3/ips', 'IPs', 'read', 'List account IPs', list),
  defineEndpoint('GET /v3/ips/:ip', 'IPs', 'read', 'Get details about account IP', show),
  defineEndpoint('GET /v3/ips/:ip/domains', 'IPs', 'read', 'Get all domains of an account where a specific IP is assigned', listDomains),
  defineEndpoint('POST /v3/ips/:ip/domains', 'IPs', 'write', 'Assign an IP to all account domains', giveToAll),
  defineEndpoint('DELETE /v3/ips/:ip/domains', 'IPs', 'write', 'Remove an IP from all account domains', takeFromAll),
  // Clients mix the versions.
  ...(['v3', 'v4'] as const).flatMap((version) => [
    defineEndpoint(`GET /${version}/domains/:domain/ips`, 'IPs', 'read', 'List the IPs of a domain', listOfDomain),
    defineEndpoint(`POST /${version}/domains/:domain/ips`, 'IPs', 'write', 'Give a domain an IP or an IP pool', give),
    defineEndpoint(`DELETE /${version}/domains/:domain/ips/:ip`, 'IPs', 'write', 'Remove an IP from a domain, or unlink its IP pool', take),
  ]),
  defineEndpoint('DELETE /v3/domains/:domain/pool/:ip', 'IPs', 'write', 'Remove an IP from a domain, or unlink its IP pool', take),
  defineEndpoint('GET /v3/ip_warmups', 'IP Address Warmup', 'read', 'List the IPs on warmup', listWarmups),
  defineEndpoint('GET /v3/ip_warmups/:ip', 'IP Address Warmup', 'read', 'Get the status of an IP warmup', showWarmup),
  defineEndpoint('POST /v3/ip_warmups/:ip', 'IP Address Warmup', 'write', 'Create a warmup plan for an IP', beginWarmup),
  defineEndpoint('DELETE /v3/ip_warmups/:ip', 'IP Address Warmup', 'write', 'Cancel the warmup plan of an IP', cancelWarmup),
];
