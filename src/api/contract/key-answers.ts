/** JSON of the Keys group. */
export interface KeyJson {
  id: string;
  description: string;
  kind: 'domain' | 'user' | 'web';
  role: 'admin' | 'basic' | 'developer' | 'support' | 'sending';
  /** `2026-03-04T10:15:30`, as all dates here. */
  created_at: string;
  updated_at: string;
  expires_at?: string;
  domain_name: string | null;
  /** E-mail address of the user it was made for. */
  requestor: string | null;
  user_name: string | null;
  /** Not part of Mailgun's answer; there when one was given. */
  user_id?: string;
  is_disabled: false;
}

export interface KeyListAnswer {
  total_count: number;
  items: KeyJson[];
}

/** The key is there twice, flat and nested. */
export interface KeyCreatedAnswer extends KeyJson {
  message: string;
  secret: string;
  key: KeyJson & { secret: string };
}
