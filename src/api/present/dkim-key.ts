/** Domain keys as Mailgun's clients read them; never the private key. */
import { dkimRecordValue } from '#mail';
import type { DkimKeyRecord } from '#store';
import type { DkimKeyJson } from '../contract/dkim-key-answers.js';

/** `is_active`: it signs, and what it signs can be verified. */
export function presentDkimKey(key: DkimKeyRecord, domain: string): DkimKeyJson {
  const value = dkimRecordValue(key.publicKey, key.kind);
  return {
    signing_domain: domain,
    selector: key.selector,
    dns_record: {
      is_active: key.active && key.published,
      cached: [],
      name: `${key.selector}._domainkey.${domain}`,
      record_type: 'TXT',
      valid: key.published ? 'valid' : 'unknown',
      value,
    },
  };
}
