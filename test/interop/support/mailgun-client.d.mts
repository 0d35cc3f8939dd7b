interface DnsRecord {
  record_type: string;
  name?: string;
  priority?: string;
  value: string;
  valid: string;
}

interface Domain {
  name: string;
  state: string;
  smtp_login: string;
  sending_dns_records: DnsRecord[] | null;
  receiving_dns_records: DnsRecord[] | null;
}

interface EventPage {
  items: { id: string; event: string }[];
  pages: { next?: { page: string; url: string } };
}

interface Pages {
  first?: { page: string };
  previous?: { page: string };
  next?: { page: string };
  last?: { page: string };
}

export interface TemplateVersion {
  tag: string;
  template?: string;
  engine: string;
  comment: string;
  active: boolean;
  id: string;
  headers?: Record<string, string>;
}

export interface Template {
  name: string;
  description: string;
  /** The client makes a date of it here and there. */
  createdAt: string | Date;
  id: string;
  version?: TemplateVersion;
  versions?: TemplateVersion[];
}

interface Changed {
  status: number;
  message: string;
  templateName?: string;
  templateVersion?: { tag: string };
}

type Fields = Record<string, unknown>;

export interface TemplatesClient {
  list(domain: string, query?: Fields): Promise<{ items: Template[]; pages: Pages }>;
  get(domain: string, name: string, query?: Fields): Promise<Template>;
  create(domain: string, data: Fields): Promise<Template>;
  update(domain: string, name: string, data: Fields): Promise<Changed>;
  destroy(domain: string, name: string): Promise<Changed>;
  destroyAll(domain: string): Promise<Changed>;
  listVersions(domain: string, name: string, query?: Fields): Promise<{ template: Template; pages: Pages }>;
  getVersion(domain: string, name: string, tag: string): Promise<Template>;
  createVersion(domain: string, name: string, data: Fields): Promise<Changed & { template: Template }>;
  updateVersion(domain: string, name: string, tag: string, data: Fields): Promise<Changed>;
  destroyVersion(domain: string, name: string, tag: string): Promise<Changed>;
}

interface Sent {
  status: number;
  id: string;
  message: string;
}

/** As in contract/stored-message-answers.ts. */
export interface StoredEmail {
  recipients: string;
  from: string;
  subject: string;
  'body-plain': string;
  attachments: { url: string; 'content-type': string; name: string; size: number }[];
  [field: string]: unknown;
}

export interface MailgunClient {
  messages: {
    create(domain: string, message: Fields): Promise<Sent>;
    retrieveStoredEmail(domain: string, key: string): Promise<StoredEmail>;
    resendEmail(domain: string, key: string, to: string): Promise<Sent>;
  };
  domains: {
    create(domain: { name: string; smtp_password?: string }): Promise<Domain>;
    list(): Promise<Domain[]>;
    get(name: string): Promise<Domain>;
    verify(name: string): Promise<Domain>;
    destroy(name: string): Promise<{ message: string }>;
    domainTemplates: TemplatesClient;
  };
  events: { get(domain: string, query: Record<string, string | number>): Promise<EventPage> };
}

/** Rejections have `status` and `details`. `way`: what requests are built and sent with; streams need the package form-data. */
export function connectMailgun(url: string, key: string, way?: 'axios' | 'fetch' | 'form-data'): MailgunClient;
