/** An HTTPS server on 127.0.0.1 that gives out MTA-STS policies, one for each domain, and counts who asked. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Issued, issue } from './test-ca.js';

export interface PolicyHost {
  port: number;
  /** The text of `mta-sts.txt` by domain; others are 404. `silence`: no answer at all. */
  policies: Record<string, string>;
  /** Domains, in the order they were asked for. */
  asked: string[];
  close(): Promise<void>;
}

/** With a certificate of `ca` for the policy hosts of `domains`. */
export async function startPolicyHost(ca: Issued, domains: readonly string[]): Promise<PolicyHost> {
  const dnsNames = domains.map((domain) => `mta-sts.${domain}`);
  const { cert, key } = issue({ name: 'policy-host.test', issuer: ca, dnsNames });
  const asked: string[] = [];
  const policies: Record<string, string> = {};
  const server = createServer({ cert, key }, (request, response) => {
    const domain = (request.headers.host ?? '').replace(/^mta-sts\./, '').replace(/:\d+$/, '');
    asked.push(domain);
    const policy = request.url === '/.well-known/mta-sts.txt' ? policies[domain] : undefined;
    if (policy === 'silence') return;
    response.writeHead(policy === undefined ? 404 : 200, { 'Content-Type': 'text/plain' }).end(policy);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    policies,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
