/**
 * What the options of a message mean, for both doors: `o:NAME` of the API and the X-Mailgun-NAME field are read by the same rules
 * (manual page "Passing sending options"). Pure.
 */
import { badRequest, type DkimName, parseDomain, type SendOptions } from '#core';

/** Names without `o:`. */
export type OptionDecision =
  | { kind: 'option'; options: Partial<SendOptions> }
  /** Asks for what happens anyway. */
  | { kind: 'none' }
  | { kind: 'invalid'; expected: string }
  | { kind: 'unsupported' };

const SWITCHES: Record<string, 'dkim' | 'testMode' | 'requireTls' | 'skipVerification'> = {
  dkim: 'dkim',
  testmode: 'testMode',
  'require-tls': 'requireTls',
  'skip-verification': 'skipVerification',
};

const DKIM_NAMES: Record<string, 'secondaryDkim' | 'secondaryDkimPublic'> = {
  'secondary-dkim': 'secondaryDkim',
  'secondary-dkim-public': 'secondaryDkimPublic',
};

/** Off is what this version does without being asked. */
const OFF_IS_FINE = new Set(['tracking', 'tracking-clicks', 'tracking-opens', 'tracking-pixel-location-top', 'native-send']);

/** `yes`, `no`, `true`, `false`, `1`, `0`, in any case; undefined for anything else. */
export function parseSwitch(text: string): boolean | undefined {
  const normal = text.trim().toLowerCase();
  if (normal === 'yes' || normal === 'true' || normal === '1') return true;
  if (normal === 'no' || normal === 'false' || normal === '0') return false;
  return undefined;
}

/** `example.com,s1` or `example.com/s1`: the manual has both. Undefined when it is neither. */
function parseDkimName(text: string): DkimName | undefined {
  const [, name = '', selector = ''] = /^\s*([^\s,/]+)\s*[,/]\s*([A-Za-z0-9][A-Za-z0-9.-]{0,62})\s*$/.exec(text) ?? [];
  const domain = parseDomain(name);
  return domain === undefined ? undefined : { domain, selector: selector.toLowerCase() };
}

export function decideSendOption(name: string, value: string): OptionDecision {
  const option = SWITCHES[name];
  const isOn = parseSwitch(value);
  if (option !== undefined) {
    if (isOn === undefined) return { kind: 'invalid', expected: 'expecting yes or no' };
    return { kind: 'option', options: { [option]: isOn } };
  }
  const key = DKIM_NAMES[name];
  if (key !== undefined) {
    const dkim = parseDkimName(value);
    if (dkim === undefined) return { kind: 'invalid', expected: 'expecting signing_domain,selector' };
    return { kind: 'option', options: { [key]: dkim } };
  }
  return OFF_IS_FINE.has(name) && isOn === false ? { kind: 'none' } : { kind: 'unsupported' };
}

const MAX_TAGS = 10;
const MAX_TAG_LENGTH = 128;

/** Adds tags, each once whatever its case. Refusal 400 when there are too many, or one is over 128 characters or not ASCII (manual page "Tagging"). */
export function mergeTags(known: readonly string[], more: readonly string[]): string[] {
  const bySpelling = new Map<string, string>();
  for (const tag of [...known, ...more]) if (!bySpelling.has(tag.toLowerCase())) bySpelling.set(tag.toLowerCase(), tag);
  const tags = [...bySpelling.values()];
  if (tags.length > MAX_TAGS) throw badRequest(`Too many tags (o:tag), max is ${MAX_TAGS}`);
  const bad = tags.find((tag) => tag.length > MAX_TAG_LENGTH || !/^[\x20-\x7e]+$/.test(tag));
  if (bad !== undefined) throw badRequest(`Invalid tag (o:tag): tags are ASCII and at most ${MAX_TAG_LENGTH} characters long`);
  return tags;
}

/** A JSON object of user variables. Refusal 400 naming `source` otherwise. */
export function parseVariables(source: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badRequest(`'${source}' is not a valid JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRequest(`'${source}' is not a JSON object`);
  return value as Record<string, unknown>;
}
