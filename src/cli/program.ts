/** Every command of the command line, in the order of `--help`: the one list. */
import type { Command } from 'commander';
import { packageVersion } from '#config';
import { type Cli, newGroup, type Verb } from './cli.js';
import { bounceExplain } from './commands/bounce-explain.js';
import { completion } from './commands/completion.js';
import { config } from './commands/config.js';
import { credentialAdd } from './commands/credential-add.js';
import { credentialList } from './commands/credential-list.js';
import { credentialRemove } from './commands/credential-remove.js';
import { doctor } from './commands/doctor.js';
import { domainAdd } from './commands/domain-add.js';
import { domainDns } from './commands/domain-dns.js';
import { domainList } from './commands/domain-list.js';
import { domainRemove } from './commands/domain-remove.js';
import { domainShow } from './commands/domain-show.js';
import { domainVerify } from './commands/domain-verify.js';
import { endpoints } from './commands/endpoints.js';
import { eventsTail } from './commands/events-tail.js';
import { init } from './commands/init.js';
import { keyCreate } from './commands/key-create.js';
import { keyList } from './commands/key-list.js';
import { keyRemove } from './commands/key-remove.js';
import { lint } from './commands/lint.js';
import { queueCancel } from './commands/queue-cancel.js';
import { queueHold, queueHolds, queueRelease } from './commands/queue-hold.js';
import { queueList } from './commands/queue-list.js';
import { queueRetry } from './commands/queue-retry.js';
import { queueShow } from './commands/queue-show.js';
import { send } from './commands/send.js';
import { serve } from './commands/serve.js';
import { shapingCheck } from './commands/shaping-check.js';

export function makeProgram(cli: Cli): Command {
  const group = (name: string, description: string, verbs: Verb[]) => () => newGroup(cli, name, description, verbs);
  return newGroup(cli, 'mailwagon', 'The Mailgun you run yourself.', [
    init,
    serve,
    config,
    doctor,
    endpoints,
    group('domain', 'the domains to send as', [domainAdd, domainList, domainShow, domainDns, domainVerify, domainRemove]),
    group('credential', 'SMTP logins', [credentialAdd, credentialList, credentialRemove]),
    group('key', 'API keys', [keyCreate, keyList, keyRemove]),
    send,
    lint,
    group('queue', 'open deliveries', [queueList, queueShow, queueRetry, queueCancel, queueHold, queueRelease, queueHolds]),
    group('events', 'what happened', [eventsTail]),
    group('bounce', 'what refusals mean', [bounceExplain]),
    group('shaping', 'how much is sent to whom', [shapingCheck]),
    completion,
  ]).version(packageVersion());
}
