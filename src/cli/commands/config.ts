/** `config`: shows the effective configuration with the origin of each value. It is checked like at the server's start, except for addresses of this machine. */
import type { Command } from 'commander';
import { checkTlsFiles, checkTransports, explainConfig, loadConfig } from '#config';
import { type Cli, localCommand, report } from '../cli.js';
import { renderTable } from '../render/table.js';

export function configCommand(cli: Cli): Command {
  return localCommand(cli, 'config', 'show the effective configuration and where each value comes from').action(
    (options: { config?: string; json?: boolean }) => {
      const loaded = loadConfig({ file: options.config, env: cli.environment });
      checkTlsFiles(loaded);
      checkTransports(loaded);
      const values = explainConfig(loaded);
      report(cli, options, { file: loaded.file ?? null, values }, (paint) => {
        const rows = values.map(({ key, value, origin }) => [
          key,
          typeof value === 'string' ? value : JSON.stringify(value),
          { text: origin, paint: origin === 'default' ? paint.dim : paint.green },
        ]);
        return renderTable(paint, ['KEY', 'VALUE', 'ORIGIN'], rows, '');
      });
    },
  );
}
