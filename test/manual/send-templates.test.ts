/** The page "Templates" of the user manual. What each helper renders is tested with the renderer; here the lines that create and send. */
import { expect, test } from 'vitest';
import { openManual, QUEUED } from './support/open-manual.ts';

test('Creating a Template, and sending with it', async () => {
  const { curl, delivered } = await openManual();
  const created = await curl(String.raw`
curl -X POST -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/templates \
  --form-string template='<div class="entry"> <h1>{{title}}</h1> <div class="body"> {{body}} </div> </div>' \
  -F name='template.test' \
  -F description='Sample template'`);
  expect(created).toMatchObject({
    template: {
      createdAt: expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d UTC$/),
      description: 'Sample template',
      name: 'template.test',
    },
    message: 'template has been stored',
  });
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Excited User <mailgun@YOUR_DOMAIN_NAME>' \
  -F to=recipient@example.com \
  -F subject='Hello there!' \
  -F template="template.test" \
  -F t:variables='{"title": "API documentation", "body": "Sending messages with templates"}'`);
  expect(answer).toEqual(QUEUED);
  const mail = (await delivered(1)).get('recipient@example.com');
  expect(mail?.html).toBe(
    '<div class="entry"> <h1>API documentation</h1> <div class="body"> Sending messages with templates </div> </div>',
  );
  expect(mail?.subject).toBe('Hello there!');
});

test('Complete Example: Using All Handlebars Helpers', async () => {
  const { curl, delivered } = await openManual();
  await curl(String.raw`
curl -X POST -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/templates \
  -F name='comprehensive.test' \
  -F description='Complete test template with all Handlebars helpers' \
  --form-string template='<h1>Order Confirmation</h1>
{{#with customer}}
<p>Hello {{firstName}} {{lastName}},</p>
<p>Email: {{email}}</p>
{{/with}} {{#equal accountType "premium"}}
<p>🎉 Premium Member Perk: You have earned 2x points on this order!</p>
{{/equal}} {{#equal accountType "basic"}}
<p>Upgrade to Premium for exclusive benefits and rewards!</p>
{{/equal}} {{#unless paymentReceived}}
<p>⚠️ WARNING: Payment pending. Your order will ship once payment is confirmed.</p>
{{/unless}} {{#if paymentReceived}}
<p>✓ Payment confirmed! Your order is being processed.</p>
{{/if}}
<ul>
{{#each items}}
<li>{{this.name}} - Quantity: {{this.quantity}} - ${'$'}{{this.price}}</li>
{{/each}}
</ul>
{{#if spanish}}
Gracias por su compra!
{{else if french}}
Merci pour votre achat!
{{else}}
Thank you for your purchase!
{{/if}}'`);
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Order System <orders@YOUR_DOMAIN_NAME>' \
  -F to='recipient@example.com' \
  -F subject='Your Order Confirmation #12345' \
  -F template="comprehensive.test" \
  -F t:variables='{ "customer": { "firstName": "Maria", "lastName": "Garcia", "email": "maria@example.com" }, "accountType": "premium", "paymentReceived": true, "items": [ { "name": "Wireless Headphones", "quantity": 1, "price": "79.99" }, { "name": "Phone Case", "quantity": 2, "price": "24.99" }, { "name": "USB Cable", "quantity": 3, "price": "12.99" } ], "spanish": false, "french": false }'`);
  expect(answer).toEqual(QUEUED);
  const mail = (await delivered(1)).get('recipient@example.com');
  const text = String(mail?.html)
    .replace(/<[^>]+>/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  expect(text).toEqual([
    'Order Confirmation',
    'Hello Maria Garcia,',
    'Email: maria@example.com',
    '🎉 Premium Member Perk: You have earned 2x points on this order!',
    '✓ Payment confirmed! Your order is being processed.',
    'Wireless Headphones - Quantity: 1 - $79.99',
    'Phone Case - Quantity: 2 - $24.99',
    'USB Cable - Quantity: 3 - $12.99',
    'Thank you for your purchase!',
  ]);
});
