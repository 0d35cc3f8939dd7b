/**
 * Every endpoint of the API: the one list. With each documentation group stands what each role may do in it, by the table of Mailgun's page "API
 * Management and Security" (RBAC).
 */
import { type Endpoint, inGroup } from './endpoint/define-endpoint.js';
import { credentialEndpoints } from './groups/credentials.js';
import { dkimKeyEndpoints } from './groups/dkim-keys.js';
import { domainEndpoints } from './groups/domains.js';
import { eventEndpoints } from './groups/events.js';
import { holdEndpoints } from './groups/holds.js';
import { ipPoolEndpoints } from './groups/ip-pools.js';
import { ipWarmupEndpoints } from './groups/ip-warmups.js';
import { ipEndpoints } from './groups/ips.js';
import { keyEndpoints } from './groups/keys.js';
import { messageEndpoints } from './groups/messages.js';
import { operatorEndpoints } from './groups/operator.js';
import { sendingQueueEndpoints } from './groups/sending-queues.js';
import { storedMessageEndpoints } from './groups/stored-messages.js';
import { templateEndpoints } from './groups/templates.js';

const messages = inGroup('Messages', { analyst: 'read', developer: 'write', support: 'read' });
const domains = inGroup('Domains', { analyst: 'read', developer: 'write', support: 'read' });
const credentials = inGroup('Credentials', { analyst: 'none', developer: 'read', support: 'none' });
const keys = inGroup('Keys', { analyst: 'none', developer: 'read', support: 'none' });
// The row "Logs" of the table.
const events = inGroup('Events', { analyst: 'read', developer: 'write', support: 'read' });
const templates = inGroup('Templates', { analyst: 'read', developer: 'write', support: 'write' });
const ips = inGroup('IPs', { analyst: 'read', developer: 'write', support: 'read' });
const ipPools = inGroup('IP Pools', { analyst: 'read', developer: 'write', support: 'read' });
// Not in the table: a warm-up belongs to its IP.
const ipWarmups = inGroup('IP Address Warmup', { analyst: 'read', developer: 'write', support: 'read' });
// Our own, for the command line: it shows what only an administrator of the account may see.
const operator = inGroup('Operator', { analyst: 'none', developer: 'none', support: 'none' });

/** In the order in which they are tried. */
export const apiEndpoints: readonly Endpoint[] = [
  ...domains(domainEndpoints),
  ...ips(ipEndpoints),
  ...ipWarmups(ipWarmupEndpoints),
  ...ipPools(ipPoolEndpoints),
  ...domains(dkimKeyEndpoints),
  ...credentials(credentialEndpoints),
  ...messages(messageEndpoints),
  ...messages(storedMessageEndpoints),
  ...messages(sendingQueueEndpoints),
  ...events(eventEndpoints),
  ...templates(templateEndpoints),
  ...keys(keyEndpoints),
  // Before the queue's own, whose last part may be anything.
  ...operator(holdEndpoints),
  ...operator(operatorEndpoints),
];
