/** Every endpoint of the API, in the order they are tried: the one list. */
import type { Endpoint } from './define-endpoint.js';
import { credentialEndpoints } from './groups/credentials.js';
import { dkimKeyEndpoints } from './groups/dkim-keys.js';
import { domainEndpoints } from './groups/domains.js';
import { eventEndpoints } from './groups/events.js';
import { holdEndpoints } from './groups/holds.js';
import { ipPoolEndpoints } from './groups/ip-pools.js';
import { ipEndpoints } from './groups/ips.js';
import { keyEndpoints } from './groups/keys.js';
import { messageEndpoints } from './groups/messages.js';
import { operatorEndpoints } from './groups/operator.js';
import { sendingQueueEndpoints } from './groups/sending-queues.js';
import { storedMessageEndpoints } from './groups/stored-messages.js';
import { templateEndpoints } from './groups/templates.js';

export const endpoints: readonly Endpoint[] = [
  ...domainEndpoints,
  ...ipEndpoints,
  ...ipPoolEndpoints,
  ...dkimKeyEndpoints,
  ...credentialEndpoints,
  ...messageEndpoints,
  ...storedMessageEndpoints,
  ...sendingQueueEndpoints,
  ...eventEndpoints,
  ...templateEndpoints,
  ...keyEndpoints,
  // Before the queue's own, whose last part may be anything.
  ...holdEndpoints,
  ...operatorEndpoints,
];
