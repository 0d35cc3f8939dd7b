import { describe, expect, it } from 'vitest';
import { loadShaping } from '#config';
import { MINUTE } from '#core';
import { applyRestrictions, makeShaping } from '#delivery/shaping/shaping-policy.js';
import type { Restriction } from '#delivery/shaping/shaping-responses.js';

const rules = loadShaping(null);
const shaping = makeShaping(rules);

describe('policyFor', () => {
  it.each<[string, string | undefined, number, number]>([
    ['gmail-smtp-in.l.google.com', 'Gmail', 10, 50],
    ['ALT1.ASPMX.L.GOOGLE.COM.', 'Gmail', 10, 50],
    ['hotmail-com.olc.protection.outlook.com', 'Outlook.com', 10, 50],
    ['example-com.mail.protection.outlook.com', 'Microsoft 365', 10, 50],
    ['example-com.x-v1.mx.microsoft', 'Microsoft 365', 10, 50],
    ['mta5.am0.yahoodns.net', 'Yahoo', 10, 20],
    ['mx01.mail.icloud.com', 'Apple', 10, 5],
    ['mx1.comcast.net', 'Comcast', 25, 1000],
    ['mx00.gmx.net', 'GMX', 4, 20],
    ['smtp-in.orange.fr', 'Orange', 2, 100],
    ['mx3.qq.com', 'QQ', 4, 8],
    ['163mx01.mxmail.netease.com', 'NetEase', 4, 7],
    ['mail.notgoogle.com', undefined, 10, 100],
    ['google.com.example', undefined, 10, 100],
  ])('%s is %s: %d connections, %d messages on each', (host, provider, connections, messagesPerConnection) => {
    expect(shaping.policyFor([host], 'example.com')).toMatchObject({ ...(provider && { provider }), connections, messagesPerConnection });
    expect(shaping.providerOf([host], 'example.com')).toBe(provider);
  });

  it('goes by the mail exchangers before the domain', () => {
    expect(shaping.providerOf(['mx.example', 'aspmx.l.google.com'], 'qq.com')).toBe('Gmail');
    expect(shaping.providerOf([], 'qq.com')).toBe('QQ');
    expect(shaping.policyFor(['mx.example'], 'example.com')).toEqual(rules.default);
  });

  it('asks of Gmail five connections from all sources together, and TLS', () => {
    expect(shaping.policyFor(['aspmx.l.google.com'], 'x.example')).toMatchObject({ providerConnections: 5, tls: 'encrypt' });
  });
});

describe('applyRestrictions', () => {
  const policy = shaping.policyFor(['mx.example'], 'example.com');
  const restriction = (change: Restriction['change'], until = 1000): Restriction => ({
    ruleId: 'aa',
    key: { scope: 'path', source: 's', site: 't' },
    change,
    until,
    explanation: 'x',
    reply: '421 x',
  });

  it('changes nothing without any', () => {
    expect(applyRestrictions(policy, [])).toEqual({ ...policy, suspendedUntil: 0, otherSourceUntil: 0 });
  });

  it('takes the strictest of all', () => {
    const result = applyRestrictions(policy, [
      restriction({ connections: 1, messageRate: { count: 1, perMs: MINUTE } }),
      restriction({ connections: 3, messagesPerConnection: 2, messageRate: { count: 10, perMs: MINUTE } }),
      restriction({ suspend: true }, 2000),
      restriction({ suspend: true, otherSource: true }, 1500),
      restriction({ messagesPerConnection: 5000 }),
    ]);
    expect(result).toMatchObject({
      connections: 1,
      messagesPerConnection: 2,
      messageRate: { count: 1, perMs: MINUTE },
      connectionRate: policy.connectionRate,
      suspendedUntil: 2000,
      otherSourceUntil: 1500,
    });
  });

  it('never loosens a rate', () => {
    const loose = restriction({ messageRate: { count: 1_000_000, perMs: 1000 }, connectionRate: { count: 1_000_000, perMs: 1000 } });
    expect(applyRestrictions(policy, [loose])).toMatchObject({ messageRate: policy.messageRate, connectionRate: policy.connectionRate });
  });
});
