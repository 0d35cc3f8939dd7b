/** `endpoints`: lists every HTTP endpoint of this version, also those that need no key. Needs no server. */
import type { Command } from 'commander';
import { type Cli, newCommand, report } from '../cli.js';
import { renderTable } from '../render/table.js';

export function endpointsCommand(cli: Cli): Command {
  return newCommand(cli, 'endpoints', 'list the HTTP endpoints of this version')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => {
      // Loaded here, so that the other commands do not wait for the whole HTTP server.
      const [api, http] = await Promise.all([import('#api'), import('#http')]);
      const open = http.OPEN_PAGES.map((page) => ({ ...page, group: 'Health' }));
      const items = [...api.apiEndpoints, ...open].map(({ method, path, group, title, access }) => ({
        method,
        path,
        group,
        title,
        access,
      }));
      report(cli, options, { total_count: items.length, items }, (paint) => {
        const rows = items.map((item) => [item.method, item.path, item.group, item.access, item.title]);
        return renderTable(paint, ['METHOD', 'PATH', 'GROUP', 'ACCESS', 'DOES'], rows, 'No endpoints.');
      });
    });
}
