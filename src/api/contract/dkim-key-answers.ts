/** JSON of domain keys. */
import type { DnsRecordJson } from './domain-answers.js';

export interface DkimKeyJson {
  signing_domain: string;
  selector: string;
  dns_record: DnsRecordJson;
}

export interface DkimKeyListAnswer {
  items: DkimKeyJson[];
}

export interface DkimKeyPageAnswer extends DkimKeyListAnswer {
  /** Absolute URLs. */
  paging: { first: string; last: string; next: string; previous: string };
}

export interface DkimKeyChangedAnswer {
  message: string;
  authority: string;
  selector: string;
  active: boolean;
}
