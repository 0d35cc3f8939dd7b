/** Every command of the command line, in the order of `--help`: the one list. */
import type { Command } from 'commander';
import { packageVersion } from '#config';
import { type Cli, newGroup, type Verb } from '../cli.js';
import { completionCommand } from './completion.js';
import { configCommand } from './config.js';
import { credentialAdd } from './credential/credential-add.js';
import { credentialList } from './credential/credential-list.js';
import { credentialRemove } from './credential/credential-remove.js';
import { doctorCommand } from './doctor.js';
import { domainAdd } from './domain/domain-add.js';
import { domainDns } from './domain/domain-dns.js';
import { domainList } from './domain/domain-list.js';
import { domainRemove } from './domain/domain-remove.js';
import { domainShow } from './domain/domain-show.js';
import { domainVerify } from './domain/domain-verify.js';
import { endpointsCommand } from './endpoints.js';
import { eventsTail } from './events-tail.js';
import { keyCreate } from './key/key-create.js';
import { keyList } from './key/key-list.js';
import { keyRemove } from './key/key-remove.js';
import { lintCommand } from './lint.js';
import { queueCancel } from './queue/queue-cancel.js';
import { queueHold, queueHolds, queueRelease } from './queue/queue-hold.js';
import { queueList } from './queue/queue-list.js';
import { queueRetry } from './queue/queue-retry.js';
import { queueShow } from './queue/queue-show.js';
import { bounceExplain } from './rules/bounce-explain.js';
import { shapingCheck } from './rules/shaping-check.js';
import { sendCommand } from './send.js';
import { initCommand } from './server/init.js';
import { serveCommand } from './server/serve.js';

export function makeProgram(cli: Cli): Command {
  const group = (name: string, description: string, verbs: Verb[]) => () => newGroup(cli, name, description, verbs);
  return newGroup(cli, 'mailwagon', 'The Mailgun you run yourself.', [
    initCommand,
    serveCommand,
    configCommand,
    doctorCommand,
    endpointsCommand,
    group('domain', 'the domains to send as', [domainAdd, domainList, domainShow, domainDns, domainVerify, domainRemove]),
    group('credential', 'SMTP logins', [credentialAdd, credentialList, credentialRemove]),
    group('key', 'API keys', [keyCreate, keyList, keyRemove]),
    sendCommand,
    lintCommand,
    group('queue', 'open deliveries', [queueList, queueShow, queueRetry, queueCancel, queueHold, queueRelease, queueHolds]),
    group('events', 'what happened', [eventsTail]),
    group('bounce', 'what refusals mean', [bounceExplain]),
    group('shaping', 'how much is sent to whom', [shapingCheck]),
    completionCommand,
  ]).version(packageVersion());
}
