/** Is this server who it says it is: its name, the addresses of that name, and the names of the addresses it sends from. */
import { type Dns, isPublicAddress, pointerName } from '#net';
import { type Check, type Finding, findings, type Patient } from './finding.js';

/** Names that mean something on this network only (RFC 6761, RFC 6762, RFC 9476). */
const LOCAL_NAME = /(?:^|\.)(?:localhost|local|localdomain|lan|home|internal|invalid|alt)$/;

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
  if (!hostname.includes('.') || LOCAL_NAME.test(hostname)) {
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
  const say = findings('reverse');
  const sending = await sendingAddresses(patient);
  if (sending.length === 0) return [say.skip('this machine has no way to the Internet, so there is no address to look up')];
  return Promise.all(sending.map((address) => checkPointer(patient, address)));
};

/** What the Internet sees: the machine's own public addresses, or behind a router those of its name. */
async function sendingAddresses({ config, world }: Patient): Promise<string[]> {
  const local = await world.sendingAddresses();
  const own = local.filter(isPublicAddress);
  if (own.length > 0 || local.length === 0) return own;
  const named = await addressesOf(world.dns, config.hostname);
  return typeof named === 'string' ? [] : named.filter(isPublicAddress);
}

async function checkPointer({ config: { hostname }, world }: Patient, address: string): Promise<Finding> {
  const say = findings('reverse');
  const askHoster = `ask whoever gave you ${address} to set its reverse name (PTR) to ${hostname}`;
  const answer = await world.dns.query(pointerName(address), 'PTR');
  if (answer.kind === 'failed') return say.skip(`the reverse name of ${address} could not be looked up (${answer.reason})`);
  if (answer.kind !== 'records')
    return say.fail(`${address} has no reverse name; Gmail and others refuse mail from such addresses`, askHoster);
  const names = answer.records.map((name) => name.toLowerCase());
  for (const name of names) {
    const forward = await addressesOf(world.dns, name);
    if (typeof forward === 'string' || !forward.some((one) => sameAddress(one, address))) continue;
    if (names.includes(hostname)) return say.ok(`${address} is ${hostname} and back`);
    return say.warn(`${address} is ${name} and back, but this server greets as ${hostname}`, `${askHoster}, or set "hostname" to ${name}`);
  }
  return say.fail(
    `${address} is called ${names.join(', ')}, but that name does not lead back to it`,
    `publish an A or AAAA record of ${names[0]} with ${address}, or ${askHoster}`,
  );
}

const sameAddress = (left: string, right: string) => pointerName(left) === pointerName(right);
