/**
 * Options and settings that clients may ask for and that have no effect in this version: they are checked and kept. Lint and the log read this list;
 * `doctor` and the API read its settings. The change that gives one its effect removes its entry. Pure.
 */

export interface Idle {
  /** The name that clients use. */
  name: string;
  why: string;
}

const NO_TRACKING = 'opens and clicks are not tracked yet';
const NO_HABITS = 'nothing is known of recipients yet, so the message is sent as soon as it may be';
const NO_RECEIVING = 'no mail is received yet';
const NO_OTHER_HOST = 'records and signatures are at the name of the domain itself';

/** Options of a message by the name without `o:`; `key` is where `RequestedOptions` has them. */
export const IDLE_OPTIONS = [
  { name: 'tracking', key: 'tracking', why: NO_TRACKING },
  { name: 'tracking-clicks', key: 'trackingClicks', why: NO_TRACKING },
  { name: 'tracking-opens', key: 'trackingOpens', why: NO_TRACKING },
  { name: 'tracking-pixel-location-top', key: 'trackingPixelTop', why: NO_TRACKING },
  { name: 'deliverytime-optimize-period', key: 'optimizePeriod', why: NO_HABITS },
  { name: 'time-zone-localize', key: 'localTime', why: NO_HABITS },
  { name: 'native-send', key: 'nativeSend', why: 'there is one mail server here to send with' },
] as const;

interface Settings {
  name: string;
  spamAction: string;
  wildcard: boolean;
  encryptIncoming: boolean;
  webScheme: string;
  webPrefix: string;
  forceRootDkimHost: boolean;
  automaticSenderSecurity: boolean;
  dkimHost: string;
  mailfromHost: string;
}

/** Settings of a domain. `asks`: whether the domain asks for something that does not happen; a new domain never does. */
export const IDLE_SETTINGS: readonly (Idle & { asks: (domain: Settings) => boolean })[] = [
  { name: 'spam_action', why: NO_RECEIVING, asks: ({ spamAction }) => spamAction !== 'disabled' },
  { name: 'wildcard', why: NO_RECEIVING, asks: ({ wildcard }) => wildcard },
  { name: 'force_root_dkim_host', why: NO_OTHER_HOST, asks: ({ forceRootDkimHost }) => forceRootDkimHost },
  {
    name: 'use_automatic_sender_security',
    why: 'keys are not changed by themselves',
    asks: ({ automaticSenderSecurity }) => automaticSenderSecurity,
  },
  { name: 'encrypt_incoming_message', why: NO_RECEIVING, asks: ({ encryptIncoming }) => encryptIncoming },
  // Records and signatures are at the domain itself, so only another name asks for something.
  { name: 'dkim_host_name', why: NO_OTHER_HOST, asks: ({ dkimHost, name }) => dkimHost !== '' && dkimHost !== name },
  { name: 'mailfrom_host', why: NO_OTHER_HOST, asks: ({ mailfromHost, name }) => mailfromHost !== '' && mailfromHost !== name },
  { name: 'web_scheme', why: NO_TRACKING, asks: ({ webScheme }) => webScheme !== 'https' },
  { name: 'web_prefix', why: NO_TRACKING, asks: ({ webPrefix }) => webPrefix !== 'email' },
];

/** Placeholders that Mailgun replaces with a link or an address; here recipients see them as they stand. */
export const IDLE_PLACEHOLDER = /%(?:(?:tag|mailing_list)_)?unsubscribe_(?:url|email)%/gi;

/** For people: `o:tracking, o:tracking-opens: opens and clicks are not tracked yet; …`. */
export function describeIdle(idle: readonly Idle[]): string {
  const reasons = [...new Set(idle.map(({ why }) => why))];
  const namesFor = (reason: string) => idle.filter(({ why }) => why === reason).map(({ name }) => name);
  return reasons.map((reason) => `${namesFor(reason).join(', ')}: ${reason}`).join('; ');
}
