/** Options that name a reply and where it came from, for the commands that explain rules. */
import { Option } from 'commander';
import { parseSmtpReply, type SmtpReply, type Stage } from '#core';
import { WrongUsage } from '../../command-errors.js';

/** Throws WrongUsage if the text does not begin with the code of a refusal. */
export function readReply(text: string): SmtpReply {
  // Logs and reports join the lines of a reply, each with its code, into one: `550-5.1.1 No such 550 5.1.1 user`.
  const code = /^\s*([45]\d\d)-/.exec(text)?.[1];
  const lines = code === undefined ? text : text.replaceAll(new RegExp(`\\s(?=${code}[- ])`, 'g'), '\n');
  const reply = parseSmtpReply(lines.trim());
  if (reply === undefined || reply.code < 400)
    throw new WrongUsage(`"${text}" is not a refusal: it has to begin with a code such as 450 or 550`);
  return reply;
}

const STAGES: readonly Stage[] = ['connect', 'banner', 'ehlo', 'tls', 'auth', 'mail', 'rcpt', 'data', 'dot'];

export const stageOption = (byDefault: Stage): Option =>
  new Option('--stage <stage>', 'where in the session it came').choices(STAGES).default(byDefault);
