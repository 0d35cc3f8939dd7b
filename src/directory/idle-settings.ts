/** Which settings of a domain are kept and shown although this version does nothing with them yet, by their names in the API. Pure. */
import type { DomainRecord, DomainSettings } from '#store';

/** True when the setting asks for something that does not happen. */
const IDLE: [name: string, asks: (domain: DomainSettings & { name: string }) => boolean][] = [
  ['spam_action', ({ spamAction }) => spamAction !== 'disabled'],
  ['wildcard', ({ wildcard }) => wildcard],
  ['force_root_dkim_host', ({ forceRootDkimHost }) => forceRootDkimHost],
  ['use_automatic_sender_security', ({ automaticSenderSecurity }) => automaticSenderSecurity],
  ['encrypt_incoming_message', ({ encryptIncoming }) => encryptIncoming],
  // Each domain is its own authority here, so that only another name would change something.
  ['dkim_host_name', ({ dkimHost, name }) => dkimHost !== '' && dkimHost !== name],
  ['mailfrom_host', ({ mailfromHost, name }) => mailfromHost !== '' && mailfromHost !== name],
];

export const idleSettings = (domain: DomainRecord): string[] => IDLE.filter(([, asks]) => asks(domain)).map(([name]) => name);
