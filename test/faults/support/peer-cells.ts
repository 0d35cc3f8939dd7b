/** Every way a mail exchanger can misbehave at every stage of a session, and the one right end of a delivery that meets it. */
import type { PlainAction } from '../../support/scripted-mx.mjs';

export const STAGES = ['banner', 'ehlo', 'starttls', 'mail', 'rcpt', 'data', 'dot', 'quit'] as const;

const ACTIONS = {
  '4xx': '451 4.3.0 not now',
  '5xx': '554 5.0.0 refused',
  '421-close': { reply: '421 4.3.2 shutting down', close: true },
  close: 'close',
  reset: 'reset',
  silence: 'silence',
  drip: { drip: true, everyMs: 1000 },
  garbage: 'garbage',
  endless: 'endless',
  'huge-line': 'huge-line',
} satisfies Record<string, PlainAction>;
type ActionName = keyof typeof ACTIONS;

export interface Cell {
  /** `silence at rcpt`. */
  name: string;
  stage: (typeof STAGES)[number];
  actionName: ActionName;
  action: PlainAction;
  domain: string;
  host: string;
  /** Address of its peer. */
  ip: string;
  recipient: string;
  expected: { event: string; severity?: string; code: number };
  /** The peer keeps us waiting until a deadline of ours. */
  isSlow: boolean;
}

const NAMES = Object.keys(ACTIONS) as ActionName[];
const SLOW: ReadonlySet<ActionName> = new Set<ActionName>(['silence', 'drip']);

export const CELLS: readonly Cell[] = STAGES.flatMap((stage, row) =>
  NAMES.map((actionName, column): Cell => {
    const domain = `${actionName}-${stage}.test`;
    return {
      name: `${actionName} at ${stage}`,
      stage,
      actionName,
      action: ACTIONS[actionName],
      domain,
      host: `mx.${domain}`,
      ip: `127.0.${row + 1}.${column + 1}`,
      recipient: `somebody@${domain}`,
      expected: expectedOf(stage, actionName),
      isSlow: SLOW.has(actionName) && stage !== 'starttls' && stage !== 'quit',
    };
  }),
);

function expectedOf(stage: Cell['stage'], action: ActionName): Cell['expected'] {
  // TLS that nobody asked for and that cannot be had is done without; after the dot is answered nothing counts any more.
  if (stage === 'starttls' || stage === 'quit') return { event: 'delivered', code: 250 };
  if (action === '5xx') return { event: 'failed', severity: 'permanent', code: 554 };
  return { event: 'failed', severity: 'temporary', code: action === '4xx' ? 451 : 421 };
}
