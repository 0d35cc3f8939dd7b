/** SMTP credentials as Mailgun's clients read them. */
import { rfc2822Date } from '#core';
import type { CredentialRecord } from '#store';
import type { CredentialJson, CredentialsChangedAnswer } from '../contract/credential-answers.js';

export const presentCredential = (credential: CredentialRecord): CredentialJson => ({
  created_at: rfc2822Date(credential.createdAt, '+0000'),
  login: credential.login,
  mailbox: credential.login,
  size_bytes: null,
});

/** Passwords are shown when this server made them, and only this once. */
export function withPasswords(message: string, pairs: { login: string; password: string | undefined }[]): CredentialsChangedAnswer {
  const generated = pairs.filter((pair) => pair.password !== undefined).map((pair) => [pair.login, pair.password] as const);
  if (generated.length === 0) return { message };
  return {
    message,
    note: "Please store your new password(s) now. You won't be able to see it anymore.",
    credentials: Object.fromEntries(generated) as Record<string, string>,
  };
}
