/** The examples of Mailgun's manual page "Send templates", one test each, rendered to the character. */
import { expect, test } from 'vitest';
import { compileTemplate } from '#mail';

const render = (source: string, variables: Record<string, unknown>): string => compileTemplate(source).render(variables);

test('a title and a body', () => {
  const variables = { title: 'API documentation', body: 'Sending messages with templates' };
  expect(render('<div class="entry"><h1>{{title}}</h1><div class="body">{{body}}</div></div>', variables)).toBe(
    '<div class="entry"><h1>API documentation</h1><div class="body">Sending messages with templates</div></div>',
  );
});

const LANGUAGES = `{{#if english}}
<p>This text is in the English language.</p>
{{else if spanish}}
<p>Este texto está en idioma español.</p>
{{else if french}}
<p>Ce texte est en langue française.</p>
{{/if}}
`;

test.each([
  [{ spanish: true }, '<p>Este texto está en idioma español.</p>\n'],
  [{ english: true, spanish: true }, '<p>This text is in the English language.</p>\n'],
  [{ french: true }, '<p>Ce texte est en langue française.</p>\n'],
  [{}, ''],
])('if with %j', (variables, text) => {
  expect(render(LANGUAGES, variables)).toBe(text);
});

const REMINDER = `{{#unless paid}}
<h3>WARNING: Your account is past due and will be suspended shortly. Please contact our billing department for assistance</h3>
{{/unless}}
`;

test('unless shows its text when the condition is false', () => {
  expect(render(REMINDER, { paid: false })).toBe(
    '<h3>WARNING: Your account is past due and will be suspended shortly. Please contact our billing department for assistance</h3>\n',
  );
  expect(render(REMINDER, { paid: true })).toBe('');
});

test('each goes through a list', () => {
  const services = [
    { date: '07/30/2019', service: 'deliverability consultation' },
    { date: '08/05/2019', service: 'sales consultation' },
  ];
  const source = '{{#each user.services}}\n<li>You scheduled {{this.service}} on {{this.date}}</li>\n{{/each}}\n';
  expect(render(source, { user: { services } })).toBe(
    '<li>You scheduled deliverability consultation on 07/30/2019</li>\n<li>You scheduled sales consultation on 08/05/2019</li>\n',
  );
});

test('with makes an object the one that names are looked up in', () => {
  const source = `<div class="entry">
  <h1>{{title}}</h1>

  {{#with author}}
  <h2>By {{firstName}} {{lastName}}</h2>
  <p>Email: {{email}}</p>
  {{/with}}
</div>
`;
  const variables = { title: 'My first post!', author: { firstName: 'Jean', lastName: 'Valjean', email: 'jean@example.com' } };
  expect(render(source, variables)).toBe(`<div class="entry">
  <h1>My first post!</h1>

  <h2>By Jean Valjean</h2>
  <p>Email: jean@example.com</p>
</div>
`);
});

const TIERS = `{{#equal subscription "free"}}
<p>Upgrade to Pro to unlock advanced features!</p>
{{/equal}}
{{#equal subscription "pro"}}
<p>Thanks for being a Pro member! Enjoy your premium features.</p>
{{/equal}}
{{#equal subscription "enterprise"}}
<p>Welcome back! Your dedicated account manager is here to help.</p>
{{/equal}}
`;

test('equal compares with a text', () => {
  expect(render(TIERS, { subscription: 'pro' })).toBe('<p>Thanks for being a Pro member! Enjoy your premium features.</p>\n');
  expect(render(TIERS, { subscription: 'enterprise' })).toBe('<p>Welcome back! Your dedicated account manager is here to help.</p>\n');
  expect(render(TIERS, {})).toBe('');
});

test('equal makes texts of both sides first', () => {
  const source = '{{#equal count "5"}}five{{else}}not five{{/equal}}';
  expect(render(source, { count: 5 })).toBe('five');
  expect(render(source, { count: '5' })).toBe('five');
  expect(render(source, { count: 6 })).toBe('not five');
});

const ORDER = `<h1>Order Confirmation</h1>
{{#with customer}}
<p>Hello {{firstName}} {{lastName}},</p>
<p>Email: {{email}}</p>
{{/with}}
{{#equal accountType "premium"}}
<p>🎉 Premium Member Perk: You have earned 2x points on this order!</p>
{{/equal}}
{{#equal accountType "basic"}}
<p>Upgrade to Premium for exclusive benefits and rewards!</p>
{{/equal}}
{{#unless paymentReceived}}
<p>⚠️ WARNING: Payment pending. Your order will ship once payment is confirmed.</p>
{{/unless}}
{{#if paymentReceived}}
<p>✓ Payment confirmed! Your order is being processed.</p>
{{/if}}
<h2>Order Items:</h2>
<ul>
{{#each items}}
<li>{{this.name}} - Quantity: {{this.quantity}} - \${{this.price}}</li>
{{/each}}
</ul>
{{#if spanish}}
<p>Gracias por su compra!</p>
{{else if french}}
<p>Merci pour votre achat!</p>
{{else}}
<p>Thank you for your purchase!</p>
{{/if}}
`;

const CUSTOMER = {
  customer: { firstName: 'Maria', lastName: 'Garcia', email: 'maria@example.com' },
  accountType: 'premium',
  paymentReceived: true,
  items: [
    { name: 'Wireless Headphones', quantity: 1, price: '79.99' },
    { name: 'Phone Case', quantity: 2, price: '24.99' },
    { name: 'USB Cable', quantity: 3, price: '12.99' },
  ],
  spanish: false,
  french: false,
};

test('the complete example with all helpers', () => {
  expect(render(ORDER, CUSTOMER)).toBe(`<h1>Order Confirmation</h1>
<p>Hello Maria Garcia,</p>
<p>Email: maria@example.com</p>
<p>🎉 Premium Member Perk: You have earned 2x points on this order!</p>
<p>✓ Payment confirmed! Your order is being processed.</p>
<h2>Order Items:</h2>
<ul>
<li>Wireless Headphones - Quantity: 1 - $79.99</li>
<li>Phone Case - Quantity: 2 - $24.99</li>
<li>USB Cable - Quantity: 3 - $12.99</li>
</ul>
<p>Thank you for your purchase!</p>
`);
});

test.each([
  [{ accountType: 'basic' }, 'Upgrade to Premium for exclusive benefits and rewards!'],
  [{ paymentReceived: false }, '⚠️ WARNING: Payment pending.'],
  [{ spanish: true }, 'Gracias por su compra!'],
  [{ items: [{ name: 'Lamp', quantity: 9, price: '1.00' }] }, '<li>Lamp - Quantity: 9 - $1.00</li>'],
  [{ customer: { firstName: 'Ana', lastName: 'Ruiz' } }, 'Hello Ana Ruiz,'],
])('the complete example with %j', (change, text) => {
  expect(render(ORDER, { ...CUSTOMER, ...change })).toContain(text);
});
