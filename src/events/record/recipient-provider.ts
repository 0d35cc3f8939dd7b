/** Names the mailbox provider of a recipient as Mailgun's events do (`recipient-provider`): by mail exchanger when it is known, else by domain. */
const BY_EXCHANGER: [suffix: string, consumerDomains: RegExp | undefined, consumer: string, hosted: string][] = [
  ['.google.com', /^g(?:oogle)?mail\.com$/, 'Gmail', 'Google Workspace'],
  ['.googlemail.com', /^g(?:oogle)?mail\.com$/, 'Gmail', 'Google Workspace'],
  ['.olc.protection.outlook.com', undefined, 'Outlook', 'Outlook'],
  ['.mail.protection.outlook.com', undefined, 'Outlook 365', 'Outlook 365'],
  ['.mx.microsoft', undefined, 'Outlook 365', 'Outlook 365'],
  ['.yahoodns.net', undefined, 'Yahoo', 'Yahoo'],
  ['.icloud.com', undefined, 'Apple', 'Apple'],
];

const BY_DOMAIN: [RegExp, string][] = [
  [/^g(?:oogle)?mail\.com$/, 'Gmail'],
  [/^(?:hotmail|outlook|live|msn)\.[a-z.]+$/, 'Outlook'],
  [/^(?:yahoo\.[a-z.]+|ymail\.com|aol\.com)$/, 'Yahoo'],
  [/^(?:icloud|me|mac)\.com$/, 'Apple'],
];

export function recipientProvider(destination: string, mxHost?: string): string {
  const host = mxHost?.toLowerCase().replace(/\.$/, '');
  if (host !== undefined) {
    for (const [suffix, consumerDomains, consumer, hosted] of BY_EXCHANGER) {
      if (host.endsWith(suffix)) return consumerDomains?.test(destination) ? consumer : hosted;
    }
    return 'Other';
  }
  return BY_DOMAIN.find(([pattern]) => pattern.test(destination))?.[1] ?? 'Other';
}
