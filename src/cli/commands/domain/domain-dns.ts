/** `domain dns NAME`: the DNS records to publish, as they were when they were last verified. */
import type { Command } from 'commander';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { type Cli, report, serverCommand } from '../../cli.js';
import { renderRecords } from '../../render/render-records.js';
import { domainPath, type WireDomainAnswer } from './domain-show.js';

export function domainDns(cli: Cli): Command {
  return serverCommand(cli, 'dns', 'show the DNS records to publish')
    .argument('<name>', 'the domain')
    .action(async (name: string, options: ServerOptions) => {
      const { sending_dns_records, receiving_dns_records } = await connect(cli, options).get<WireDomainAnswer>(domainPath(name));
      const records = { sending_dns_records, receiving_dns_records };
      report(cli, options, records, (paint) => renderRecords(paint, records));
    });
}
