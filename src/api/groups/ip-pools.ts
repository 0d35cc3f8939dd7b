/** Pools of the server's addresses, at v3 and at v1, where the Python and Go clients look for them. */
import { badRequest } from '#core';
import type { MessageAnswer } from '../contract/domain-answers.js';
import type { PoolAnswer, PoolCreatedAnswer, PoolDomainsAnswer, PoolListAnswer, StartedAnswer } from '../contract/ip-answers.js';
import { type Call, defineEndpoint, type Endpoint, pathParameter, type Services } from '../define-endpoint.js';
import { readPlace } from '../present/offset-page.js';
import { presentPool } from '../present/pool.js';
import { presentStarted } from '../present/started.js';

/** Names of linked domains that the details of a pool show; its own endpoint pages through all. */
const SHOWN_DOMAINS = 1000;

async function list({ account }: Call, { directory }: Services): Promise<PoolListAnswer> {
  return { ip_pools: (await directory.pools.list(account)).map(presentPool), message: 'success' };
}

async function create({ account, form }: Call, { directory }: Services): Promise<PoolCreatedAnswer> {
  const name = form.text('name');
  if (name === undefined) throw badRequest("Parameter 'name' is missing");
  const addresses = [...form.texts('ip'), ...form.texts('ips'), ...form.texts('add_ip')];
  const pool = await directory.pools.create(account, { name, description: form.text('description') ?? '', addresses });
  return { message: 'success', pool_id: pool.publicId };
}

async function show(call: Call, { directory }: Services): Promise<PoolAnswer> {
  const pool = await directory.pools.get(call.account, pathParameter(call, 'pool'));
  const domains = await directory.pools.domains(call.account, pool.publicId, SHOWN_DOMAINS, 0);
  const details = { ...presentPool(pool), linked_domains: domains.map(({ name }) => name) };
  return { ...details, details, message: 'success' };
}

async function update(call: Call, { directory }: Services): Promise<MessageAnswer> {
  const { account, form } = call;
  const given = ['name', 'description', 'add_ip', 'remove_ip', 'link_domain', 'unlink_domain'];
  if (!given.some((name) => form.text(name) !== undefined)) throw badRequest(`Nothing to change: give one of ${given.join(', ')}`);
  await directory.pools.update(account, pathParameter(call, 'pool'), {
    name: form.text('name'),
    description: form.text('description'),
    add: form.texts('add_ip'),
    remove: form.texts('remove_ip'),
    link: form.texts('link_domain'),
    unlink: form.texts('unlink_domain'),
  });
  return { message: 'success' };
}

async function remove(call: Call, { directory }: Services): Promise<StartedAnswer> {
  const replacement = { pool: call.form.text('pool_id'), address: call.form.text('ip') };
  await directory.pools.remove(call.account, pathParameter(call, 'pool'), replacement);
  return presentStarted();
}

async function listDomains(call: Call, { directory }: Services): Promise<PoolDomainsAnswer> {
  const { account, form, baseUrl } = call;
  const [id, limit] = [pathParameter(call, 'pool'), form.pageSize({ usual: 10, max: 500 })];
  const after = readPlace(form);
  const domains = await directory.pools.domains(account, id, limit, after);
  const url = (row: number) => `${baseUrl}/v3/ip_pools/${encodeURIComponent(id)}/domains?limit=${limit}&page=${row}`;
  return {
    domains: domains.map(({ publicId, name }) => ({ id: publicId, name })),
    paging: { first: url(0), next: url(domains.at(-1)?.row ?? after) },
  };
}

const adding = (read: (call: Call) => string[]) =>
  async function added(call: Call, { directory }: Services): Promise<StartedAnswer> {
    const given = read(call);
    if (given.length === 0) throw badRequest("Parameter 'ips' is missing");
    await directory.pools.addAddresses(call.account, pathParameter(call, 'pool'), given);
    return presentStarted();
  };

const addAddresses = adding(({ form }) => form.texts('ips'));
const addAddress = adding((call) => [pathParameter(call, 'ip')]);

async function removeAddress(call: Call, { directory }: Services): Promise<StartedAnswer> {
  await directory.pools.removeAddress(call.account, pathParameter(call, 'pool'), pathParameter(call, 'ip'));
  return presentStarted();
}

export const ipPoolEndpoints: Endpoint[] = (['v3', 'v1'] as const).flatMap((version) => {
  const all = `/${version}/ip_pools` as const;
  const one = `${all}/:pool` as const;
  return [
    defineEndpoint(`GET ${all}`, 'IP Pools', 'read', 'List dedicated IP pools of the account', list),
    defineEndpoint(`POST ${all}`, 'IP Pools', 'write', 'Add a new IP pool to the account', create),
    defineEndpoint(`GET ${one}`, 'IP Pools', 'read', 'Get IP pool details', show),
    defineEndpoint(`PATCH ${one}`, 'IP Pools', 'write', 'Edit an IP pool', update),
    defineEndpoint(`DELETE ${one}`, 'IP Pools', 'write', 'Delete an IP pool', remove),
    defineEndpoint(`GET ${one}/domains`, 'IP Pools', 'read', 'Get domains linked to an IP pool', listDomains),
    defineEndpoint(`POST ${one}/ips.json`, 'IP Pools', 'write', 'Add multiple IPs to an IP pool', addAddresses),
    defineEndpoint(`PUT ${one}/ips/:ip`, 'IP Pools', 'write', 'Add an IP to an IP pool', addAddress),
    defineEndpoint(`DELETE ${one}/ips/:ip`, 'IP Pools', 'write', 'Remove an IP from an IP pool', removeAddress),
  ];
});
