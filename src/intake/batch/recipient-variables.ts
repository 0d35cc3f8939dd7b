/** Recipient variables as the three places give them (manual page "Batch sending"): JSON text in, variables of each recipient out. Pure. */
import { type Address, badRequest, cleanText, isJsonObject, parseAddress, parseClientJson } from '#core';

/** A message that has this, even with no variables in it, is a batch. */
export interface RecipientVariables {
  /** Variables that every recipient has: they stand beside the addresses, as in the manual's container. */
  everybody: Readonly<Record<string, unknown>>;
  byAddress: ReadonlyMap<Address, Readonly<Record<string, unknown>>>;
}

/** Without any variables, but still a batch. */
export const NO_VARIABLES: RecipientVariables = { everybody: {}, byAddress: new Map() };

/** Variables of one recipient, bytes as JSON: they are kept in the recipient's queue row. */
const MAX_PER_RECIPIENT = 64 * 1024;
/** Variables that every recipient has, bytes as JSON: they are kept in each of a thousand rows. */
const MAX_EVERYBODY = 4 * 1024;
/** No variable may have this name: careless code would read or change the prototype of all objects. */
const FORBIDDEN = '__proto__';

/** `{"bob@example.com": {"first": "Bob"}, …}`. `source` is what the client called it, as the subject of a sentence. Refusal 400. */
export function parseRecipientVariables(source: string, text: string): RecipientVariables {
  const value = parseClientJson(source, text);
  if (!isJsonObject(value)) throw badRequest(`${source} is not a valid JSON: it must be an object`);
  if (holdsName(value, FORBIDDEN)) throw badRequest(`${source} is not valid: it holds the name ${FORBIDDEN}`);
  const everybody: [string, unknown][] = [];
  const byAddress = new Map<Address, Readonly<Record<string, unknown>>>();
  for (const [key, variables] of Object.entries(value)) {
    const address = parseAddress(key.trim(), () => true);
    if (address === undefined) everybody.push([key, variables]);
    else if (!isJsonObject(variables)) throw badRequest(`${source} is not valid: the variables of ${address} are not an object`);
    else byAddress.set(address, checked(source, variables, address, MAX_PER_RECIPIENT));
  }
  return { everybody: checked(source, Object.fromEntries(everybody), 'all recipients', MAX_EVERYBODY), byAddress };
}

/** Joins both; where both have a variable, that of `higher` wins. */
export function mergeRecipientVariables(lower: RecipientVariables | undefined, higher: RecipientVariables): RecipientVariables {
  if (lower === undefined) return higher;
  const byAddress = new Map(lower.byAddress);
  for (const [address, variables] of higher.byAddress) byAddress.set(address, { ...byAddress.get(address), ...variables });
  return { everybody: { ...lower.everybody, ...higher.everybody }, byAddress };
}

export function variablesOf({ everybody, byAddress }: RecipientVariables, recipient: Address): Record<string, unknown> {
  return { ...everybody, ...byAddress.get(recipient) };
}

/** JSON is nested 32 deep at the most when it has been read. */
function holdsName(value: unknown, name: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, name) || Object.values(value).some((item) => holdsName(item, name));
}

function checked(source: string, variables: Record<string, unknown>, whose: string, most: number): Record<string, unknown> {
  const size = Buffer.byteLength(JSON.stringify(variables));
  if (size > most) throw badRequest(`${source} is too large: the variables of ${cleanText(whose)} are over ${most / 1024} kB`);
  return variables;
}
