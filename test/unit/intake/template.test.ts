/** What a template is rendered with, and what it makes of it: precedence, decoding, header fields, batches, refusals. */

import { describe, expect, it } from 'vitest';
import { parseJsonObject } from '#core';
import { renderTemplate, templateVariables } from '#intake/template/render-template.js';
import { withTemplateField } from '#intake/template/template-request.js';
import { compileTemplate } from '#mail';

it('t:variables win over user variables, whose texts are decoded when they are JSON', () => {
  const user = { name: 'v', list: '[1, "a"]', map: '{"x": {"y": 1}}', yes: 'true', nothing: 'null', quoted: '"q"', object: { kept: true } };
  expect(templateVariables(user, { name: 't', other: '[1]' })).toEqual({
    ...{ name: 't', other: '[1]', list: [1, 'a'], map: { x: { y: 1 } }, yes: true, nothing: null, quoted: 'q', object: { kept: true } },
  });
});

it.each([
  ['5', 5],
  ['0', 0],
  ['-1.5', -1.5],
  ['007', '007'],
  ['1.50', '1.50'],
  ['1e5', '1e5'],
  ['12345678901234567890', '12345678901234567890'],
  ['truely', 'truely'],
  ['{broken', '{broken'],
  ['[1', '[1'],
  ['', ''],
  ['plain', 'plain'],
])('a user variable %j is %j', (text, value) => {
  expect(templateVariables({ x: text })).toEqual({ x: value });
});

const ready = (source: string, headers: Record<string, string> = {}) => ({
  ...{ name: 't', tag: 'v1', source, html: compileTemplate(source) },
  headers: Object.entries(headers).map(([name, text]) => ({ name, source: text, template: compileTemplate(text, 'text') })),
});
const filling = (more: object = {}) => ({
  ...{ userVariables: {}, variables: undefined, wantsText: false, isBatch: false, present: new Set<string>() },
  ...more,
});
const refusal = (text: string) => expect.objectContaining({ httpStatus: 400, smtpCode: 550, publicText: expect.stringContaining(text) });

describe('renders', () => {
  it('HTML, text, and the fields the message lacks', () => {
    const template = ready('<p>{{x}}</p>', { Subject: 'S {{x}}', From: '{{x}} <a@b.example>', 'Reply-To': '{{nothing}}' });
    const made = renderTemplate(template, filling({ variables: { x: '<&>' }, wantsText: true, present: new Set(['from']) }));
    expect(made).toMatchObject({ html: '<p>&lt;&amp;&gt;</p>', text: '<&>', fields: [{ name: 'Subject', value: 'S <&>' }] });
    expect(made.merge).toBeUndefined();
  });

  it('in a batch only when a variable names a value of the recipient', () => {
    const template = ready('<p>{{x}} %recipient.y%</p>');
    const once = renderTemplate(template, filling({ isBatch: true, variables: { x: 1 }, wantsText: true }));
    expect(once).toMatchObject({ html: '<p>1 %recipient.y%</p>', text: '1 %recipient.y%' });
    expect(once.merge).toBeUndefined();
    const deep = { x: { list: ['a %recipient.z% b'] } };
    const later = renderTemplate(template, filling({ isBatch: true, userVariables: deep, wantsText: true }));
    expect(later).toMatchObject({ html: template.source, text: template.source, merge: { templateVariables: deep, textFromHtml: true } });
    expect(renderTemplate(template, filling({ userVariables: deep })).merge).toBeUndefined();
  });

  it.each([
    [
      ready('{{#each l}}{{#each @root.l}}{{#each @root.l}}x{{/each}}{{/each}}{{/each}}'),
      "template 't' cannot be rendered: the template does too much",
    ],
    [ready('x', { From: '{{x}}' }), "template 't' cannot be rendered: its From is not a valid address"],
    [ready('x', { Subject: 'a{{line}}b' }), "template 't' cannot be rendered: Subject must not contain line breaks"],
  ])('or refuses with the reason (%#)', (template, text) => {
    const variables = { l: Array(200).fill(0), x: 'nobody', line: '\r\nBcc: c@d.example' };
    expect(() => renderTemplate(template, filling({ variables }))).toThrow(refusal(text));
    const perRecipient = { ...variables, batch: '%recipient.x%' };
    expect(() => renderTemplate(template, filling({ variables: perRecipient, isBatch: true }))).toThrow(refusal(text));
  });
});

it('fields of a message add to what was asked beside it, and the topmost wins', () => {
  const fields: [string, string][] = [
    ['template-version', 'v1'],
    ['template-name', ' welcome '],
    ['template-name', 'other'],
    ['template-version', 'v2'],
    ['template-variables', '{"a": 1, "b": 1}'],
    ['template-variables', '{"b": 2, "c": 2}'],
  ];
  const read = fields.reduce<ReturnType<typeof withTemplateField>>(
    (asked, [name, value]) => withTemplateField(asked, name, 'X', value),
    undefined,
  );
  expect(read).toEqual({ name: 'welcome', version: 'v1', variables: { a: 1, b: 1, c: 2 } });
  expect(withTemplateField(undefined, 'template-text', 'X', 'yes')).toBeUndefined();
  expect(() => parseJsonObject('t:variables', '"x"')).toThrow(refusal("'t:variables' is not a JSON object"));
  const deep = `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`;
  expect(() => parseJsonObject('t:variables', deep)).toThrow(refusal("'t:variables' is nested too deep"));
  expect(templateVariables({ deep, shallow: '[[1]]' })).toEqual({ deep, shallow: [[1]] });
});
