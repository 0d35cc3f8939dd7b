/** Domain keys as Mailgun's clients read them; never the private key. */
import { dkimRecordValue } from '#mail';
import type { DkimKeyRecord } from '#store';
import type { DkimKeyJson } from '../contract/dkim-key-answers.js';

/** An active key was found in DNS when it was activated; of others nothing is known. */
export function presentDkimKey(key: DkimKeyRecord, domain: string): DkimKeyJson {
  const value = dkimRecordValue(key.publicKey, key.kind);
  return {
    signing_domain: domain,
    selector: key.selector,
    dns_record: {
      is_active: key.active,
      cached: [],
      name: `${key.selector}._domainkey.${domain}`,
      record_type: 'TXT',
      valid: key.active ? 'valid' : 'unknown',
      value,
    },
  };
}
