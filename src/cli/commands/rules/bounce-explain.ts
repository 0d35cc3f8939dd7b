/** `bounce explain REPLY`: shows which rule classifies a reply, and what follows from it. Needs no server. */
import type { Command } from 'commander';
import { loadBounceRules, loadConfig } from '#config';
import type { Stage } from '#core';
import { type BounceClassification, makeBounceClassifier } from '#replies';
import { type Cli, localCommand, report } from '../../cli.js';
import { renderFields } from '../../render/table.js';
import { readReply, stageOption } from './reply-argument.js';

interface Options {
  config?: string;
  json?: boolean;
  mx?: string;
  domain?: string;
  stage: Stage;
}

const MATCHED: Record<BounceClassification['matchedBy'], string> = {
  site: 'a rule for this provider',
  text: 'the text',
  enhanced: 'the enhanced code alone',
  code: 'the code alone',
  default: 'nothing: no rule knows it',
};

export function bounceExplain(cli: Cli): Command {
  return localCommand(cli, 'explain', 'say what a mail server’s refusal means')
    .argument('<reply>', 'such as "550 5.1.1 User unknown"')
    .option('--mx <host>', 'the host that answered')
    .option('--domain <name>', 'the recipient’s domain')
    .addOption(stageOption('rcpt'))
    .action((text: string, options: Options) => {
      const { config } = loadConfig({ file: options.config, env: cli.environment });
      const rules = loadBounceRules(config.bounceRules.file);
      const reply = readReply(text);
      const { stage } = options;
      const found = makeBounceClassifier(rules)({ stage, reply, mxHost: options.mx, destination: options.domain });
      const sample = rules.rules.find(({ id }) => id === found.ruleId)?.sample;
      report(cli, options, { reply, stage, mx: options.mx ?? null, ...found, sample: sample ?? null }, (paint) =>
        renderFields(paint, [
          ['meaning', { text: `${found.short} (${found.category})`, paint: found.severity === 'permanent' ? paint.red : paint.yellow }],
          ['explanation', found.explanation],
          ['said by', found.entity],
          ['final', found.severity === 'permanent' ? 'yes' : 'no, it is tried again'],
          ['action', found.action],
          ['concerns', found.scope],
          ['suppresses', found.suppress ? 'yes: the address ought not to be sent to again (no list of bounces is kept yet)' : 'no'],
          ['event', `failed, severity ${found.severity}, reason ${found.reason}`],
          ['classified', `${found.mailgunClass}, ${found.criticality}`],
          ['rule', `${found.ruleId}, found by ${MATCHED[found.matchedBy]}`],
          ['its sample', sample],
        ]),
      );
    });
}
