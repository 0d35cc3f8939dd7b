import { describe, expect, it } from 'vitest';
import { makeField, TemplateError, templateFields } from '#mail';
import { recipient } from './support.js';

const VARIABLES = { name: '%recipient.name%', plan: '%recipient.plan%', at: '%recipient.at%' };
const make = (name: string, source: string, values: Record<string, unknown>, made?: string) =>
  templateFields([{ name, source }], VARIABLES)
    .get(name.toLowerCase())?.(recipient(values), made === undefined ? undefined : makeField(name, made))
    ?.raw.toString();

describe('header fields of a template in a batch', () => {
  it('are decided by values of the recipient, and hold them unescaped on one line', () => {
    const source = '{{#equal plan "pro"}}Pro: {{else}}Free: {{/equal}}{{name}} %recipient.id%';
    expect(make('Subject', source, { name: '<Ann>', plan: 'pro', id: 7 })).toBe('Subject: Pro: <Ann> 7\r\n');
    expect(make('Subject', source, { name: 'Bób\r\nBcc: v@x.example', id: 8 })).toBe(
      'Subject: Free: =?UTF-8?Q?B=C3=B3b?= Bcc: v@x.example 8\r\n',
    );
    expect(make('Subject', '{{name}}', { name: '=?UTF-8?Q?x?=' })).not.toBe('Subject: =?UTF-8?Q?x?=\r\n');
  });

  it('that come to nothing, or to no address, are left out', () => {
    expect(make('Subject', '{{#if none}}x{{/if}}', {}, 'before')).toBeUndefined();
    expect(make('Reply-To', '{{name}} <{{at}}>', { name: 'A', at: 'a@x.example' })).toBe('Reply-To: A <a@x.example>\r\n');
    expect(make('Reply-To', '{{name}} <{{at}}>', { name: 'A', at: 'a' })).toBeUndefined();
  });

  it.each([
    ['chosen among the domains that were judged', { name: 'A', at: 'b@own.example' }, 'A <b@own.example>'],
    ['not at another domain', { name: 'A', at: 'b@other.example' }, 'Shop <a@own.example>'],
    ['not one beside it', { name: 'A <b@other.example>, B', at: 'b@own.example' }, 'Shop <a@own.example>'],
    ['not nobody', { name: '', at: '' }, 'Shop <a@own.example>'],
  ])('the author is %s', (_name, values, author) => {
    expect(make('From', '{{name}} <{{at}}>', values, 'Shop <a@own.example>')).toBe(`From: ${author}\r\n`);
  });

  it('that do too much with a value fail', () => {
    const source = '{{#each @root.name}}{{#each @root.name}}{{#each @root.name}}x{{/each}}{{/each}}{{/each}}';
    const fields = templateFields([{ name: 'Subject', source }], { name: Array(200).fill('%recipient.x%') });
    expect(() => fields.get('subject')?.(recipient(), undefined)).toThrow(TemplateError);
  });
});
