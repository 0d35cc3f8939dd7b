import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempDir } from '../../support/temp-dir.mjs';
import { runCli } from './support/run-cli.ts';

let dir: string;
let cleanup: () => void;
let config: string;
/** Whose resolver is nobody: a host is not looked up outside. */
let alone: string[];
beforeAll(() => {
  ({ path: dir, cleanup } = tempDir('mailwagon-explain-'));
  config = join(dir, 'mailwagon.yaml');
  writeFileSync(config, 'shaping: { file: shaping.yaml }\nbounceRules: { file: bounces.yaml }\n');
  writeFileSync(join(dir, 'alone.yaml'), 'dns: { servers: ["127.0.0.1:1"] }\n');
  alone = ['--config', join(dir, 'alone.yaml')];
  writeFileSync(join(dir, 'shaping.yaml'), 'providers: [{ name: Mine, mx: [mine.example], connections: 7, messageRate: 20/2m }]\n');
  const rule =
    'id: "ab01", text: [go away], category: policy, severity: permanent, short: Not wanted, explanation: They said to go away., sample: "550 go away"';
  writeFileSync(join(dir, 'bounces.yaml'), `rules: [{ ${rule} }]\n`);
});
afterAll(() => cleanup());

describe('bounce explain', () => {
  it('names the rule, why it was found, and what follows', async () => {
    const { code, out } = await runCli(['bounce', 'explain', '550-5.1.1 No such 550-5.1.1 user. 550 5.1.1 x - gsmtp']);
    expect(code).toBe(0);
    expect(out).toMatch(/meaning +No such mailbox \(invalid-recipient\)/);
    expect(out).toMatch(/suppresses +yes: the address ought not to be sent to again \(no list of bounces is kept yet\)/);
    expect(out).toMatch(/event +failed, severity permanent, reason bounce/);
  });

  it('uses the host and the stage', async () => {
    const qq = await runCli(['bounce', 'explain', '550 Mailbox unavailable or access denied', '--mx', 'mx3.qq.com', '--json']);
    expect(JSON.parse(qq.out)).toMatchObject({ ruleId: '1511', matchedBy: 'site', entity: 'QQ', severity: 'temporary', suppress: false });
    const early = await runCli(['bounce', 'explain', '550 User unknown', '--stage', 'mail', '--json']);
    expect(JSON.parse(early.out)).toMatchObject({ category: 'invalid-recipient', suppress: false, stage: 'mail' });
  });

  it("asks the operator's rules first", async () => {
    const { out } = await runCli(['bounce', 'explain', '550 5.1.1 go away', '--config', config, '--json']);
    expect(JSON.parse(out)).toMatchObject({ ruleId: 'ab01', category: 'policy', sample: '550 go away' });
  });

  it('says when no rule knows the reply', async () => {
    const { out } = await runCli(['bounce', 'explain', '554 Xyzzy']);
    expect(out).toMatch(/rule +default, found by nothing/);
  });
});

describe('shaping check', () => {
  it('shows the policy, the rule and the wait', async () => {
    const reply = '451 4.7.652 The mail server [192.0.2.1] has exceeded the maximum number of connections. Try again in 10 minutes';
    const { code, out } = await runCli(['shaping', 'check', reply, '--mx', 'hotmail-com.olc.protection.outlook.com']);
    expect(code).toBe(0);
    expect(out).toMatch(/provider +Outlook\.com\n.*connections +10 for each source, 5 in all/);
    expect(out).toMatch(/rule +a103: .*\nmatched +.*\nfires +at the 2nd such reply within 1 hour\nthen +at most 1 connection for 1 hour/);
    expect(out).toMatch(/asks to wait +10 minutes/);
  });

  it('says what of the reply met the rule', async () => {
    const rules = [
      '{ id: "ac01", text: [something else, quota used up], pattern: "used up for [0-9]{1,3} min", code: [451], threshold: immediate, then: { suspend: true }, for: 1h, scope: domain, explanation: Enough., sample: "451 quota used up for 10 min" }',
      '{ id: "ac02", provider: Mine, enhanced: [x.7.99], threshold: immediate, then: { suspend: true }, for: 1h, scope: recipient, explanation: Enough., sample: "451 4.7.99 no" }',
    ];
    writeFileSync(join(dir, 'matched.yaml'), `providers: [{ name: Mine, mx: [mine.example] }]\nresponses: [${rules.join(', ')}]\n`);
    const own = join(dir, 'matched-config.yaml');
    writeFileSync(own, 'shaping: { file: matched.yaml }\n');
    const ask = (reply: string, ...more: string[]) =>
      runCli(['shaping', 'check', reply, '--mx', 'mx1.mine.example', '--config', own, ...more]);
    const { out } = await ask('451 Your QUOTA used up for 25 minutes');
    expect(out).toContain('the text "quota used up", the pattern used up for [0-9]{1,3} min by "used up for 25 min", the code 451');
    expect(JSON.parse((await ask('451 Quota used up for 25 minutes', '--json')).out).matched).toEqual({
      text: 'quota used up',
      pattern: { rule: 'used up for [0-9]{1,3} min', matched: 'used up for 25 min' },
      code: 451,
    });
    expect((await ask('451 4.7.99 No')).out).toMatch(/matched +a host of Mine, the enhanced code 4\.7\.99\n/);
    expect(JSON.parse((await ask('250 fine', '--json')).out.trim() || '{}').matched ?? null).toBeNull();
  });

  it('says when a reply changes nothing', async () => {
    const { out } = await runCli(['shaping', 'check', '550 5.1.1 User unknown', '--mx', 'mx.example', ...alone]);
    expect(out).toMatch(/provider +\(none: the default\)/);
    expect(out).toMatch(/rule +none: the reply changes nothing/);
  });

  it("lays the operator's file over ours", async () => {
    const { out } = await runCli(['shaping', 'check', '--mx', 'mx1.mine.example', '--config', config, '--json']);
    expect(JSON.parse(out)).toMatchObject({
      policy: { provider: 'Mine', connections: 7, messagesPerConnection: 100 },
      rule: null,
      reply: null,
    });
    const text = await runCli(['shaping', 'check', '--mx', 'mx1.mine.example', '--config', config]);
    expect(text.out).toMatch(/message rate +20 per 2 minutes/);
  });

  it('says that greylisting wants the same source again', async () => {
    const { out } = await runCli(['shaping', 'check', '450 4.2.0 Greylisted', '--mx', 'mx.example', ...alone]);
    expect(out).toMatch(/asks to wait +5 minutes, then from the same source/);
  });
});

it('a bad rule file ends both with its problems, and exit code 1', async () => {
  writeFileSync(join(dir, 'bad.yaml'), 'shaping: { file: worse.yaml }\nbounceRules: { file: worse.yaml }\n');
  writeFileSync(join(dir, 'worse.yaml'), 'nonsense: 1\n');
  for (const argv of [
    ['bounce', 'explain', '550 x'],
    ['shaping', 'check', '--mx', 'mx.example'],
  ]) {
    const { code, err } = await runCli([...argv, '--config', join(dir, 'bad.yaml')]);
    expect(code).toBe(1);
    expect(err).toMatch(/line 1, nonsense: unknown key; expected one of replace, /);
  }
});
