/** Domains and their DNS records as Mailgun's clients read them. */
import { rfc2822Date } from '#core';
import type { DnsRecord, DomainDns } from '#directory';
import type { DomainRecord } from '#store';
import type { ConnectionAnswer, DnsRecordJson, DomainAnswer, DomainJson } from '../contract/domain-answers.js';

/** Clients in Java parse `created_at` with a named zone only. */
export function presentDomain(domain: DomainRecord): DomainJson {
  return {
    id: domain.publicId,
    name: domain.name,
    state: domain.state,
    type: domain.type,
    created_at: rfc2822Date(domain.createdAt, 'GMT'),
    smtp_login: `postmaster@${domain.name}`,
    spam_action: domain.spamAction,
    wildcard: domain.wildcard,
    require_tls: domain.requireTls,
    skip_verification: domain.skipVerification,
    is_disabled: domain.state === 'disabled',
    web_prefix: domain.webPrefix,
    web_scheme: domain.webScheme,
    tracking_host: `${domain.webPrefix}.${domain.name}`,
    use_automatic_sender_security: domain.automaticSenderSecurity,
    encrypt_incoming_message: domain.encryptIncoming,
    force_dkim_authority: domain.forceDkimAuthority,
    force_root_dkim_host: domain.forceRootDkimHost,
    dkim_host: domain.dkimHost || domain.name,
    mailfrom_host: domain.mailfromHost || domain.name,
    ...(domain.archiveTo === '' ? {} : { archive_to: domain.archiveTo }),
    message_ttl: domain.messageTtl,
  };
}

/** Both lists are always there, because clients index into them. */
export function presentDomainWithDns(domain: DomainRecord, dns: DomainDns, message?: string): DomainAnswer {
  return {
    ...(message === undefined ? {} : { message }),
    domain: presentDomain(domain),
    // The Go client looks for it here.
    use_automatic_sender_security: domain.automaticSenderSecurity,
    receiving_dns_records: dns.receiving.map(presentDnsRecord),
    sending_dns_records: dns.sending.map(presentDnsRecord),
  };
}

export function presentConnection({ requireTls, skipVerification }: DomainRecord): ConnectionAnswer {
  const connection = { require_tls: requireTls, skip_verification: skipVerification };
  return { ...connection, connection };
}

function presentDnsRecord(record: DnsRecord): DnsRecordJson {
  return {
    is_active: record.valid === 'valid',
    cached: record.cached,
    ...(record.lookupError === undefined ? {} : { lookup_error: record.lookupError }),
    ...(record.name === undefined ? {} : { name: record.name }),
    ...(record.priority === undefined ? {} : { priority: record.priority }),
    record_type: record.recordType,
    valid: record.valid,
    value: record.value,
  };
}
