/** JSON of the Credentials group. */
export interface CredentialJson {
  /** `Thu, 13 Oct 2011 18:02:00 +0000`. */
  created_at: string;
  login: string;
  mailbox: string;
  size_bytes: null;
}

export interface CredentialListAnswer {
  total_count: number;
  items: CredentialJson[];
}

export interface CredentialsChangedAnswer {
  message: string;
  note?: string;
  /** Generated passwords by login. */
  credentials?: Record<string, string>;
}
