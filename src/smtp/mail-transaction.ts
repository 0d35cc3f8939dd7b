/** Runs MAIL and RCPT: reads the line, looks up the facts that the decision needs, and gives the reply. */
import { type Address, domainOf, type ReversePath } from '#core';
import type { DomainRecord } from '#store';
import type { Login } from './authenticate.js';
import { decideRecipient } from './decide-recipient.js';
import { decideSender, type Submitter } from './decide-sender.js';
import { decideMailParameters, decideRecipientParameters, type EnvelopePath, parsePathArgument } from './parse-path.js';
import { makeReply, type Reply, replyFrom } from './reply.js';
import type { ServerContext } from './server-context.js';

/** What is known of a message from MAIL to the reply to the final dot. */
export interface Transaction {
  sender: ReversePath;
  /** Undefined for a stranger, whose recipients are all refused. */
  submitter: Submitter | undefined;
  recipients: Set<Address>;
  /** MAIL named SMTPUTF8. */
  utf8: boolean;
}

export type Opened = { transaction: Transaction } | { refusal: Reply /** The login is no longer good for anything. */; loginIsGone?: true };

/** Runs MAIL. */
export async function openTransaction(
  line: string,
  client: { login: Login | undefined; ip: string },
  server: ServerContext,
): Promise<Opened> {
  const isTrusted = server.isTrusted(client.ip);
  const argument = parsePathArgument('MAIL FROM', line, { brackets: isTrusted ? 'optional' : 'needed' });
  if (argument === undefined) return { refusal: makeReply(501, '5.5.4', 'syntax: MAIL FROM:<address>') };
  const asked = decideMailParameters(argument.parameters, server.limits.messageBytes);
  if ('code' in asked) return { refusal: asked };
  const login = client.login && (await currentDomain(client.login, server));
  if (client.login !== undefined && login === undefined) {
    return { refusal: makeReply(530, '5.7.0', 'login is no longer valid, authenticate again'), loginIsGone: true };
  }
  const { path } = argument;
  const { utf8 } = asked;
  // A stranger's sender domain decides nothing.
  const hosted = login !== undefined || isTrusted ? await hostedDomain(path, login, server) : undefined;
  const decision = decideSender({ path, utf8, login, isTrusted, hosted });
  if ('refusal' in decision) return decision;
  const full = decision.submitter && server.intake.refusalNow(decision.submitter.account);
  if (full !== undefined) return { refusal: replyFrom(full) };
  const sender = path.kind === 'address' ? path.address : '';
  return { transaction: { sender, submitter: decision.submitter, recipients: new Set(), utf8 } };
}

/** Runs RCPT. Adds the recipient if it is taken. A recipient that is named again is taken again, and gets the message once. */
export function addRecipient(line: string, ip: string, transaction: Transaction, server: ServerContext): Reply | Promise<Reply> {
  const argument = parsePathArgument('RCPT TO', line, {
    brackets: server.isTrusted(ip) ? 'optional' : 'needed',
    looseDots: server.looseDots,
  });
  if (argument === undefined) return makeReply(501, '5.5.4', 'syntax: RCPT TO:<address>');
  const bad = decideRecipientParameters(argument.parameters);
  if (bad !== undefined) return bad;
  const { path } = argument;
  const decide = (hosted: DomainRecord | undefined): Reply => {
    const refusal = decideRecipient({ path, hosted, utf8: transaction.utf8, submitter: transaction.submitter });
    if (refusal !== undefined) return refusal;
    // decideRecipient takes no path of another kind.
    if (path.kind !== 'address') throw new Error(`recipient path of kind ${path.kind} was taken`);
    if (transaction.recipients.size >= server.limits.recipients && !transaction.recipients.has(path.address)) {
      return makeReply(452, '4.5.3', 'too many recipients');
    }
    transaction.recipients.add(path.address);
    return makeReply(250, '2.1.5', 'Ok');
  };
  // Only a stranger's recipients need the look-up.
  return transaction.submitter === undefined ? hostedDomain(path, undefined, server).then(decide) : decide(undefined);
}

/** The domain of the login as it is now. Undefined if the domain was disabled or removed, or the credential was removed or changed. */
async function currentDomain(login: Login, server: ServerContext): Promise<DomainRecord | undefined> {
  const now = server.clock.monotonic();
  if (now - login.checkedAt >= server.limits.loginRecheckMs) {
    if (!(await server.directory.credentials.isCurrent(login.credential))) return undefined;
    login.checkedAt = now;
  }
  const domain = await server.directory.domains.find(login.domain.name);
  return domain !== undefined && domain.id === login.domain.id && domain.state !== 'disabled' ? domain : undefined;
}

async function hostedDomain(path: EnvelopePath, login: DomainRecord | undefined, server: ServerContext): Promise<DomainRecord | undefined> {
  if (path.kind !== 'address') return undefined;
  const name = domainOf(path.address);
  return name === login?.name ? login : server.directory.domains.find(name);
}
