/** Pools of the server's addresses, at v3 and at v1, where the Python and Go clients look for them. */
import { badRequest } from '#core';
import type { PoolRecord } from '#store';
import type { MessageAnswer } from '../contract/domain-answers.js';
import type { PoolAnswer, PoolCreatedAnswer, PoolDomainsAnswer, PoolJson, PoolListAnswer, StartedAnswer } from '../contract/ip-answers.js';
import { type ApiRequest, defineEndpoint, type EndpointDefinition, type Services } from '../endpoint/define-endpoint.js';
import { presentStarted } from '../present/acknowledgements.js';
import { readPageStart } from '../present/paging.js';

const presentPool = ({ publicId, name, description, addresses, isLinked }: PoolRecord): PoolJson => ({
  pool_id: publicId,
  name,
  description,
  ips: addresses,
  is_linked: isLinked,
  is_inherited: false,
});

/** Names of linked domains that the details of a pool show; its own endpoint pages through all. */
const SHOWN_DOMAINS = 1000;

async function list({ account }: ApiRequest, { directory }: Services): Promise<PoolListAnswer> {
  return { ip_pools: (await directory.pools.list(account)).map(presentPool), message: 'success' };
}

async function create({ account, form }: ApiRequest, { directory }: Services): Promise<PoolCreatedAnswer> {
  const name = form.text('name');
  if (name === undefined) throw badRequest("Parameter 'name' is missing");
  const addresses = [...form.texts('ip'), ...form.texts('ips'), ...form.texts('add_ip')];
  const pool = await directory.pools.create(account, { name, description: form.text('description') ?? '', addresses });
  return { message: 'success', pool_id: pool.publicId };
}

async function show(request: ApiRequest<'pool'>, { directory }: Services): Promise<PoolAnswer> {
  const pool = await directory.pools.get(request.account, request.params.pool);
  const domains = await directory.pools.domains(request.account, pool.publicId, SHOWN_DOMAINS, 0);
  const details = { ...presentPool(pool), linked_domains: domains.map(({ name }) => name) };
  return { ...details, details, message: 'success' };
}

async function update(request: ApiRequest<'pool'>, { directory }: Services): Promise<MessageAnswer> {
  const { account, form } = request;
  const given = ['name', 'description', 'add_ip', 'remove_ip', 'link_domain', 'unlink_domain'];
  if (!given.some((name) => form.text(name) !== undefined)) throw badRequest(`Nothing to change: give one of ${given.join(', ')}`);
  await directory.pools.update(account, request.params.pool, {
    name: form.text('name'),
    description: form.text('description'),
    add: form.texts('add_ip'),
    remove: form.texts('remove_ip'),
    link: form.texts('link_domain'),
    unlink: form.texts('unlink_domain'),
  });
  return { message: 'success' };
}

async function remove(request: ApiRequest<'pool'>, { directory }: Services): Promise<StartedAnswer> {
  const replacement = { pool: request.form.text('pool_id'), address: request.form.text('ip') };
  await directory.pools.remove(request.account, request.params.pool, replacement);
  return presentStarted();
}

async function listDomains(request: ApiRequest<'pool'>, { directory }: Services): Promise<PoolDomainsAnswer> {
  const { account, form, baseUrl } = request;
  const [id, limit] = [request.params.pool, form.pageSize({ usual: 10, max: 500 })];
  const after = readPageStart(form);
  const domains = await directory.pools.domains(account, id, limit, after);
  const url = (row: number) => `${baseUrl}/v3/ip_pools/${encodeURIComponent(id)}/domains?limit=${limit}&page=${row}`;
  return {
    domains: domains.map(({ publicId, name }) => ({ id: publicId, name })),
    paging: { first: url(0), next: url(domains.at(-1)?.row ?? after) },
  };
}

async function addAll(request: ApiRequest<'pool'>, { directory }: Services, given: string[]): Promise<StartedAnswer> {
  if (given.length === 0) throw badRequest("Parameter 'ips' is missing");
  await directory.pools.addAddresses(request.account, request.params.pool, given);
  return presentStarted();
}

const addAddresses = (request: ApiRequest<'pool'>, services: Services) => addAll(request, services, request.form.texts('ips'));
const addAddress = (request: ApiRequest<'pool' | 'ip'>, services: Services) => addAll(request, services, [request.params.ip]);

async function removeAddress(request: ApiRequest<'pool' | 'ip'>, { directory }: Services): Promise<StartedAnswer> {
  await directory.pools.removeAddress(request.account, request.params.pool, request.params.ip);
  return presentStarted();
}

export const ipPoolEndpoints: EndpointDefinition[] = (['v3', 'v1'] as const).flatMap((version) => {
  const all = `/${version}/ip_pools` as const;
  const one = `${all}/:pool` as const;
  return [
    defineEndpoint(`GET ${all}`, 'read', 'List dedicated IP pools of the account', list),
    defineEndpoint(`POST ${all}`, 'write', 'Add a new IP pool to the account', create),
    defineEndpoint(`GET ${one}`, 'read', 'Get IP pool details', show),
    defineEndpoint(`PATCH ${one}`, 'write', 'Edit an IP pool', update),
    defineEndpoint(`DELETE ${one}`, 'write', 'Delete an IP pool', remove),
    defineEndpoint(`GET ${one}/domains`, 'read', 'Get domains linked to an IP pool', listDomains),
    defineEndpoint(`POST ${one}/ips.json`, 'write', 'Add multiple IPs to an IP pool', addAddresses),
    defineEndpoint(`PUT ${one}/ips/:ip`, 'write', 'Add an IP to an IP pool', addAddress),
    defineEndpoint(`DELETE ${one}/ips/:ip`, 'write', 'Remove an IP from an IP pool', removeAddress),
  ];
});
