/**
 * Every option of a message: its `o:` parameter, its header form (an X-Mailgun field), and what its value means (manual pages "Passing sending
 * options" and "Sending via SMTP", classic manual "Sending via SMTP"). SMTP and HTTP both read options by this table only.
 */
import {
  parseDkimName,
  parseHeaderNames,
  parseIp,
  parsePartSwitch,
  parsePeriod,
  parsePoolId,
  parseSwitch,
  parseTag,
  parseTime,
  parseTimeOfDay,
  parseUrl,
  parseWithin,
} from './option-values.js';
import type { RequestedOptions } from './requested-options.js';

export interface OptionRule {
  /** Name without `o:`. */
  name: string;
  /** Name of the header form without `X-Mailgun-`. */
  field: string;
  /** Undefined when the value is not of the option's form. */
  read(value: string): { options?: RequestedOptions; tag?: string } | undefined;
  /** What the client is told of such a value. `name` is what the client called it. */
  complain(name: string, value: string): string;
}

type Key = keyof RequestedOptions;

const expecting = (form: string) => (name: string) => `'${name}'${name.startsWith('o:') ? ' parameter' : ''} is invalid: expecting ${form}`;

/** An option whose value goes under one key. */
function option<K extends Key>(
  name: string,
  field: string,
  key: K,
  parse: (text: string) => RequestedOptions[K],
  complain: string | OptionRule['complain'],
): OptionRule {
  return {
    name,
    field,
    read(value) {
      const parsed = parse(value);
      return parsed === undefined ? undefined : { options: { [key]: parsed } };
    },
    complain: typeof complain === 'string' ? expecting(complain) : complain,
  };
}

function tag(name: string, field: string): OptionRule {
  return {
    name,
    field,
    read(value) {
      const parsed = parseTag(value);
      return parsed === undefined ? undefined : { tag: parsed };
    },
    complain: expecting('up to 128 ASCII characters'),
  };
}

const SWITCH = 'yes or no';
const PART_SWITCH = 'yes, no or htmlonly';
const DKIM_NAME = 'signing_domain,selector';

/** Mailgun's texts. */
const noDate: OptionRule['complain'] = (name, value) => `${value} is not an RFC-2822 compliant date (value of '${name}')`;
const noTimeOfDay: OptionRule['complain'] = (name, value) =>
  `${value} invalid ${/[ap]m\s*$/i.test(value) ? '12' : '24'} hour time(value of '${name}')`;

export const OPTION_TABLE: readonly OptionRule[] = [
  tag('tag', 'Tag'),
  // What Mailgun had before tags.
  tag('campaign', 'Campaign-Id'),
  option('dkim', 'Dkim', 'dkim', parseSwitch, SWITCH),
  option('secondary-dkim', 'Secondary-DKIM', 'secondaryDkim', parseDkimName, DKIM_NAME),
  option('secondary-dkim-public', 'Secondary-DKIM-Public', 'secondaryDkimPublic', parseDkimName, DKIM_NAME),
  option('testmode', 'Drop-Message', 'testMode', parseSwitch, SWITCH),
  option('tracking', 'Track', 'tracking', parsePartSwitch, PART_SWITCH),
  option('tracking-clicks', 'Track-Clicks', 'trackingClicks', parsePartSwitch, PART_SWITCH),
  option('tracking-opens', 'Track-Opens', 'trackingOpens', parseSwitch, SWITCH),
  option('tracking-pixel-location-top', 'Track-Pixel-Location-Top', 'trackingPixelTop', parsePartSwitch, PART_SWITCH),
  option('require-tls', 'Require-TLS', 'requireTls', parseSwitch, SWITCH),
  option('skip-verification', 'Skip-Verification', 'skipVerification', parseSwitch, SWITCH),
  option('sending-ip', 'Sending-Ip', 'sendingIp', parseIp, 'an IP address'),
  option('sending-ip-pool', 'Sending-Ip-Pool', 'sendingIpPool', parsePoolId, 'the id of an IP pool'),
  option('deliverytime', 'Deliver-By', 'deliverAt', parseTime, noDate),
  option('deliver-within', 'Deliver-Within', 'deliverWithin', parseWithin, '5m to 24h, such as 1h30m'),
  option('deliverytime-optimize-period', 'Delivery-Time-Optimize-Period', 'optimizePeriod', parsePeriod, '24h to 72h'),
  option('time-zone-localize', 'Time-Zone-Localize', 'localTime', parseTimeOfDay, noTimeOfDay),
  option('archive-to', 'Archive-To', 'archiveTo', parseUrl, 'an http or https URL'),
  option('suppress-headers', 'Suppress-Headers', 'suppressHeaders', parseHeaderNames, 'names of X-Mailgun headers, or all'),
  // Not Mailgun's.
  option('lint', 'Lint', 'lint', parseSwitch, SWITCH),
  // Mailgun has two mail servers to choose from; here there is one.
  option('native-send', 'Native-Send', 'nativeSend', parseSwitch, SWITCH),
];
