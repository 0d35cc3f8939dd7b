/** Checks that names and addresses of this server agree: its hostname, the addresses of that name, and the reverse names of the addresses it sends from. */
import { type Dns, isPublicAddress, pointerName } from '#net';
import { isLocalName } from '../local-name.js';
import { type Check, type Finding, findings, type Patient } from './finding.js';

/** How many reverse names of an address are looked up at most. */
const MAX_NAMES = 10;

/** Addresses of a name, or why they are not known. */
export async function addressesOf(dns: Dns, name: string): Promise<string[] | 'none' | 'unknown'> {
  const answers = await Promise.all([dns.query(name, 'A'), dns.query(name, 'AAAA')]);
  const found = answers.flatMap((answer) => (answer.kind === 'records' ? [...answer.records] : []));
  if (found.length > 0) return found;
  return answers.some((answer) => answer.kind === 'failed') ? 'unknown' : 'none';
}

export const checkHostname: Check = async ({ config: { hostname }, world }) => {
  const say = findings('hostname');
  const setIt = 'set "hostname" in the configuration to a name of this machine in DNS, such as mail.example.com';
  if (isLocalName(hostname)) {
    return [say.fail(`"${hostname}" is no name that other mail servers can look up; many refuse mail from such names`, setIt)];
  }
  const addresses = await addressesOf(world.dns, hostname);
  if (addresses === 'unknown') return [say.skip(`${hostname} could not be looked up: no answer from the resolver`)];
  if (addresses === 'none') {
    return [say.fail(`${hostname} has no address in DNS; many servers refuse mail from such names`, `publish an A record for ${hostname}`)];
  }
  const own = new Set(world.ownAddresses());
  const listed = addresses.join(', ');
  if (addresses.some((address) => own.has(address))) return [say.ok(`${hostname} is ${listed}, an address of this machine`)];
  if (![...own].some(isPublicAddress)) {
    return [say.ok(`${hostname} is ${listed}; this machine has private addresses only, so that should be the router in front of it`)];
  }
  return [
    say.warn(
      `${hostname} is ${listed}, which is no address of this machine`,
      `let the A record of ${hostname} name this machine, or ${setIt}`,
    ),
  ];
};

export const checkReverse: Check = async (patient) => {
  const sources = patient.config.delivery.sources.flatMap(({ ipv4, ipv6, ehlo = patient.config.hostname }) =>
    [ipv4, ipv6].flatMap((address) => (address === undefined ? [] : [{ address, name: ehlo, key: 'the ehlo of its source' }])),
  );
  if (sources.length > 0) return (await Promise.all(sources.map((source) => checkSource(patient, source)))).flat();
  const say = findings('reverse');
  const sending = await sendingAddresses(patient);
  if (sending.length === 0) return [say.skip('this machine has no way to the Internet, so there is no address to look up')];
  const { hostname } = patient.config;
  return Promise.all(sending.map((address) => checkPointer(patient, { address, name: hostname, key: '"hostname"' })));
};

/** An address that mail leaves from, the name it greets with, and what in the configuration sets that. */
interface Sender {
  address: string;
  name: string;
  key: string;
}

/** For a source with a private address, the Internet sees the addresses of its name. */
async function checkSource(patient: Patient, sender: Sender): Promise<Finding[]> {
  if (isPublicAddress(sender.address)) return [await checkPointer(patient, sender)];
  const { address, name } = sender;
  const say = findings('reverse');
  const named = await addressesOf(patient.world.dns, name);
  if (named === 'unknown') return [say.skip(`${name}, the name of ${address}, could not be looked up`)];
  const seen = typeof named === 'string' ? [] : named.filter(isPublicAddress);
  if (seen.length > 0) return Promise.all(seen.map((one) => checkPointer(patient, { ...sender, address: one })));
  const mend = `publish an A or AAAA record of ${name} with the address that the router in front of ${address} has for it`;
  return [
    say.fail(`${address} is private and greets as ${name}, which has no public address; many servers refuse mail from such names`, mend),
  ];
}

/** The addresses that the Internet sees: the machine's own public ones or, behind a router, those of its name. */
async function sendingAddresses({ config, world }: Patient): Promise<string[]> {
  const local = await world.sendingAddresses();
  const own = local.filter(isPublicAddress);
  if (own.length > 0 || local.length === 0) return own;
  const named = await addressesOf(world.dns, config.hostname);
  return typeof named === 'string' ? [] : named.filter(isPublicAddress);
}

async function checkPointer({ world }: Patient, { address, name: greeting, key }: Sender): Promise<Finding> {
  const say = findings('reverse');
  const askHoster = `ask whoever gave you ${address} to set its reverse name (PTR) to ${greeting}`;
  const answer = await world.dns.query(pointerName(address), 'PTR');
  if (answer.kind === 'failed') return say.skip(`the reverse name of ${address} could not be looked up (${answer.reason})`);
  if (answer.kind !== 'records')
    return say.fail(`${address} has no reverse name; Gmail and others refuse mail from such addresses`, askHoster);
  const names = answer.records.map((name) => name.toLowerCase());
  const confirmed: string[] = [];
  // The expected name comes first, because there may be more names than are looked up.
  const inOrder = [...names].sort((one, other) => Number(other === greeting) - Number(one === greeting));
  for (const name of inOrder.slice(0, MAX_NAMES)) {
    const forward = await addressesOf(world.dns, name);
    const leadsBack = typeof forward !== 'string' && forward.some((one) => sameAddress(one, address));
    if (leadsBack && name === greeting) return say.ok(`${address} is ${greeting} and back`);
    if (leadsBack) confirmed.push(name);
  }
  const [other] = confirmed;
  if (other !== undefined)
    return say.warn(
      `${address} is ${other} and back, but mail from there greets as ${greeting}`,
      `${askHoster}, or set ${key} to ${other}`,
    );
  return say.fail(
    `${address} is called ${names.join(', ')}, but that name does not lead back to it`,
    `publish an A or AAAA record of ${names.includes(greeting) ? greeting : names[0]} with ${address}, or ${askHoster}`,
  );
}

const sameAddress = (left: string, right: string) => pointerName(left) === pointerName(right);
