/** SMTP credentials of a domain, under the three names that clients call them by. */
import { badRequest, randomPassword } from '#core';
import { type Form, notSupported } from '#http';
import type { CredentialListAnswer, CredentialsChangedAnswer } from '../contract/credential-answers.js';
import { type Call, defineEndpoint, type Endpoint, pathParameter, type Services } from '../define-endpoint.js';
import { presentCredential, withPasswords } from '../present/credential.js';
import { readPage } from '../present/offset-page.js';

/** Several logins may be given, each with its password or all without. */
function readLogins(form: Form): { login: string; password?: string }[] {
  const logins = [...form.texts('login'), ...form.texts('mailbox')];
  const passwords = form.texts('password');
  if (logins.length === 0) throw badRequest("Parameter 'login' is missing");
  if (passwords.length > 0 && passwords.length !== logins.length) throw badRequest("Give one 'password' for each 'login', or none");
  if (form.flag('system')) throw notSupported('system');
  return logins.map((login, index) => ({ login, password: passwords[index] }));
}

async function list(call: Call, { directory }: Services): Promise<CredentialListAnswer> {
  const { limit, skip } = readPage(call.form);
  const { items, total } = await directory.credentials.list(call.account, pathParameter(call, 'domain'), limit, skip);
  return { total_count: total, items: items.map(presentCredential) };
}

async function create(call: Call, { directory }: Services): Promise<CredentialsChangedAnswer> {
  const made: { login: string; password: string | undefined }[] = [];
  for (const { login, password } of readLogins(call.form)) {
    const created = await directory.credentials.create(call.account, pathParameter(call, 'domain'), login, password);
    made.push({ login: created.credential.login, password: created.password });
  }
  return withPasswords(`Created ${made.length} credentials pair(s)`, made);
}

async function changePassword(call: Call, { directory }: Services): Promise<CredentialsChangedAnswer> {
  const given = call.form.text('password');
  const password = given ?? randomPassword();
  const [domain, login] = [pathParameter(call, 'domain'), pathParameter(call, 'login')];
  await directory.credentials.changePassword(call.account, domain, login, password);
  const full = login.includes('@') ? login : `${login}@${domain}`;
  return withPasswords('Password changed', [{ login: full, password: given === undefined ? password : undefined }]);
}

async function remove(call: Call, { directory }: Services) {
  const spec = await directory.credentials.remove(call.account, pathParameter(call, 'domain'), pathParameter(call, 'login'));
  return { message: 'Credentials have been deleted', spec };
}

async function removeAll(call: Call, { directory }: Services) {
  const count = await directory.credentials.removeAll(call.account, pathParameter(call, 'domain'));
  return { message: 'All domain credentials have been deleted', count };
}

const BASES = ['/v3/domains/:domain/credentials', '/v3/:domain/credentials', '/v3/:domain/mailboxes'] as const;

export const credentialEndpoints: Endpoint[] = BASES.flatMap((base) => [
  defineEndpoint(`GET ${base}`, 'Credentials', 'read', 'List the SMTP credentials of a domain', list),
  defineEndpoint(`POST ${base}`, 'Credentials', 'write', 'Create SMTP credentials', create),
  defineEndpoint(`PUT ${base}/:login`, 'Credentials', 'write', 'Change the password of SMTP credentials', changePassword),
  defineEndpoint(`DELETE ${base}/:login`, 'Credentials', 'write', 'Delete SMTP credentials', remove),
  defineEndpoint(`DELETE ${base}`, 'Credentials', 'write', 'Delete all SMTP credentials of a domain', removeAll),
]);
