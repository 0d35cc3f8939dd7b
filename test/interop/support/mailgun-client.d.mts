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

export interface MailgunClient {
  messages: { create(domain: string, message: Record<string, unknown>): Promise<{ status: number; id: string; message: string }> };
  domains: {
    create(domain: { name: string; smtp_password?: string }): Promise<Domain>;
    list(): Promise<Domain[]>;
    get(name: string): Promise<Domain>;
    verify(name: string): Promise<Domain>;
    destroy(name: string): Promise<{ message: string }>;
  };
  events: { get(domain: string, query: Record<string, string | number>): Promise<EventPage> };
}

/** Rejections have `status` and `details`. */
export function connectMailgun(url: string, key: string): MailgunClient;
