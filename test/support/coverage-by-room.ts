/** Says after a run with coverage which part of the lines and branches of each room it reached. */
import { relative } from 'node:path';
import type { Reporter, Vitest } from 'vitest/node';

interface Count {
  covered: number;
  total: number;
}
interface Summary {
  lines: Count;
  branches: Count;
}
/** What of an istanbul coverage map is read here. */
interface CoverageMap {
  files(): string[];
  fileCoverageFor(file: string): { toSummary(): { data: Summary } };
}

const nothing = (): Summary => ({ lines: { covered: 0, total: 0 }, branches: { covered: 0, total: 0 } });

function add(sum: Summary, { lines, branches }: Summary): void {
  for (const [to, from] of [
    [sum.lines, lines],
    [sum.branches, branches],
  ] as const) {
    to.covered += from.covered;
    to.total += from.total;
  }
}

const percent = ({ covered, total }: Count): string => `${total === 0 ? '-' : ((100 * covered) / total).toFixed(1)} %`.padStart(9);

export default class CoverageByRoom implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onCoverage(coverage: unknown): void {
    const { config, logger } = this.#vitest ?? {};
    const map = coverage as CoverageMap;
    const rooms = new Map<string, Summary>();
    const all = nothing();
    for (const file of map.files()) {
      const [, room = ''] = relative(config?.root ?? '', file).split('/');
      const sum = rooms.get(room) ?? nothing();
      const { data } = map.fileCoverageFor(file).toSummary();
      add(sum, data);
      add(all, data);
      rooms.set(room, sum);
    }
    const rows = [...[...rooms].sort(([one], [other]) => (one < other ? -1 : 1)), ['all', all] as const];
    const table = rows.map(([name, { lines, branches }]) => `${name.padEnd(14)}${percent(lines)}${percent(branches)}`);
    logger?.log(`\nReached by unit tests\n${'room'.padEnd(14)}    lines branches\n${table.join('\n')}`);
  }
}
