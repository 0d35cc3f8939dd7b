/** Whose mail an operator endpoint is about: the caller's, unless the server's operator names another account, or all of them. */
import { notFound } from '#core';
import { OPERATORS_ACCOUNT } from '#directory';
import { ErrorAnswer } from '#http';
import { type ApiKeyRecord, EVERY_ACCOUNT } from '#store';
import type { ApiRequest, Services } from '../endpoint/define-endpoint.js';

export interface AccountScope {
  /** In order of their numbers. */
  accounts: readonly number[];
  /** The account that a hold names: EVERY_ACCOUNT for all of them. */
  account: number;
  /** True for mail of other accounts: what is held then is held by the operator, and its account cannot release it. */
  isOperators: boolean;
  /** Public id of the account, `all` for EVERY_ACCOUNT; undefined unless the caller named an account. */
  nameOf(account: number): string | undefined;
}

/** An administrator of the operator's own account, not of one domain in it. */
export const isOperatorsKey = ({ role, account, domainName }: Pick<ApiKeyRecord, 'role' | 'account' | 'domainName'>): boolean =>
  role === 'admin' && account === OPERATORS_ACCOUNT && domainName === undefined;

/** `account`: a public id, or `all`. Refusal 404; 403 for everybody but the operator, whatever it says, so that nobody learns which ids there are. */
export async function readAccountScope(
  { key, account, form }: ApiRequest,
  { directory }: Pick<Services, 'directory'>,
): Promise<AccountScope> {
  const name = form.text('account')?.trim();
  if (name === undefined) return { accounts: [account], account, isOperators: false, nameOf: () => undefined };
  if (!isOperatorsKey(key)) throw new ErrorAnswer(403, { message: 'Forbidden' });
  const isAll = name.toLowerCase() === 'all';
  const records = isAll ? await directory.accounts.list() : [await directory.accounts.find(name)];
  const [first] = records;
  if (first === undefined) throw notFound('Account not found');
  const names = new Map(records.map(({ id, publicId }) => [id, publicId]));
  names.set(EVERY_ACCOUNT, 'all');
  return {
    accounts: records.map(({ id }) => id),
    account: isAll ? EVERY_ACCOUNT : first.id,
    isOperators: isAll || first.id !== account,
    nameOf: (one) => names.get(one),
  };
}
