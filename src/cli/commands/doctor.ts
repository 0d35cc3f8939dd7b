/** `doctor`: checks everything around the server that decides whether its mail arrives, and says how to mend it. Needs no running server. */
import type { Command } from 'commander';
import { loadConfig } from '#config';
import { connect } from '../ask/connect.js';
import { type Cli, localCommand, report } from '../cli.js';
import { CommandFailed } from '../command-errors.js';
import { examine } from '../doctor/examine.js';
import type { Finding, Status } from '../doctor/finding.js';
import { processWorld } from '../doctor/world.js';
import { renderTable } from '../render/table.js';
import type { Paint } from '../terminal.js';

export function doctorCommand(cli: Cli): Command {
  return localCommand(
    cli,
    'doctor',
    'check what decides whether mail arrives, and say how to mend it; exits 1 when something fails',
  ).action(async (options: { config?: string; json?: boolean }) => {
    const { config } = loadConfig({ file: options.config, env: cli.environment });
    const findings = await examine({ config, world: processWorld(config, (interrupted) => connect(cli, options, interrupted)) });
    const counts = countOf(findings);
    report(cli, options, { counts, findings }, (paint) => renderFindings(paint, findings));
    if (counts.fail > 0) throw new CommandFailed(options.json ? `${counts.fail} checks failed` : '');
  });
}

export function countOf(findings: readonly Finding[]): Record<Status, number> {
  const counts = { ok: 0, warn: 0, fail: 0, skip: 0 };
  for (const { status } of findings) counts[status]++;
  return counts;
}

function renderFindings(paint: Paint, findings: readonly Finding[]): string {
  const colours: Record<Status, (text: string) => string> = { ok: paint.green, warn: paint.yellow, fail: paint.red, skip: paint.dim };
  const rows = findings.flatMap(({ check, status, text, mend }) => [
    [{ text: status, paint: colours[status] }, check, text],
    ...(mend === undefined ? [] : [['', '', { text: `→ ${mend}`, paint: paint.bold }]]),
  ]);
  return renderTable(paint, ['', 'CHECK', 'FOUND'], rows, '');
}
