/** Domains, credentials and keys: shapes and texts that clients compare. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Harness, KEYS, multipart, startApi } from './support/harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

describe.each(['v3', 'v4'])('domains at %s', (version) => {
  const DOMAINS = `/${version}/domains`;
  const DOMAIN = {
    ...{
      name: 'example.com',
      state: 'unverified',
      type: 'custom',
      created_at: 'Wed, 04 Mar 2026 10:15:30 GMT',
      smtp_login: 'postmaster@example.com',
    },
    ...{
      spam_action: 'disabled',
      wildcard: false,
      require_tls: false,
      skip_verification: false,
      is_disabled: false,
      web_prefix: 'email',
      web_scheme: 'https',
      tracking_host: 'email.example.com',
    },
    ...{
      use_automatic_sender_security: false,
      encrypt_incoming_message: false,
      ...{ force_dkim_authority: false, force_root_dkim_host: false, dkim_host: 'example.com', mailfrom_host: 'example.com' },
      message_ttl: 259_200,
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
    },
  };

  it('gets one with its records', async () => {
    const answer = await api.call('GET', `${DOMAINS}/EXAMPLE.com`);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      domain: DOMAIN,
      use_automatic_sender_security: false,
      sending_dns_records: [
        {
          is_active: true,
          cached: ['v=spf1 a:mail.example.net ~all'],
          name: 'example.com',
          record_type: 'TXT',
          valid: 'valid',
          value: 'v=spf1 a:mail.example.net ~all',
        },
        {
          is_active: false,
          cached: [],
          name: 'mailwagon._domainkey.example.com',
          record_type: 'TXT',
          valid: 'unknown',
          value: 'k=rsa; p=AAAA',
        },
      ],
      receiving_dns_records: [
        { is_active: false, cached: [], priority: '10', record_type: 'MX', valid: 'unknown', value: 'mail.example.net' },
      ],
    });
    const bare = await api.call('GET', `${DOMAINS}/example.com?h:with_dns=false&h:extended=true`);
    expect(bare.json).toEqual({ domain: DOMAIN, use_automatic_sender_security: false, sending_dns_records: [], receiving_dns_records: [] });
  });

  it('lists, pages, sorts and searches', async () => {
    expect((await api.call('GET', DOMAINS)).json).toMatchObject({
      total_count: 2,
      items: [{ name: 'example.com' }, { name: 'second.example' }],
    });
    expect((await api.call('GET', `${DOMAINS}?limit=1&skip=1`)).json).toMatchObject({
      total_count: 2,
      items: [{ name: 'second.example' }],
    });
    expect((await api.call('GET', `${DOMAINS}?sort=name:desc`)).json.items[0].name).toBe('second.example');
    expect((await api.call('GET', `${DOMAINS}?sort=name&search=second`)).json.total_count).toBe(1);
    expect((await api.call('GET', `${DOMAINS}?state=disabled`)).json).toEqual({ total_count: 0, items: [] });
  });

  it.each([
    ['limit=1001', "The 'limit' parameter can't be larger than 1000"],
    ['limit=-1', "The 'limit' parameter must be a whole number of at least 1"],
    ['skip=x', "The 'skip' parameter must be a whole number of at least 0"],
    ['sort=1;drop', "'sort' parameter must be one of [name name:asc name:desc]"],
    ['state=gone', "'state' parameter must be one of [active unverified disabled]"],
  ])('refuses %s', async (query, message) => {
    expect(await api.call('GET', `${DOMAINS}?${query}`)).toMatchObject({ status: 400, json: { message } });
  });

  it('creates, from every kind of body', async () => {
    const fields = {
      name: 'New.example',
      smtp_password: 'secret123',
      web_scheme: 'http',
      require_tls: 'True',
      wildcard: 'false',
      spam_action: 'disabled',
      dkim_key_size: '2048',
    };
    const { body, headers } = multipart(Object.entries({ ...fields, name: 'multi.example' }).map(([name, value]) => ({ name, value })));
    const answers = [
      await api.call('POST', DOMAINS, { form: fields }),
      await api.call('POST', DOMAINS, { body, headers }),
      await api.call('POST', DOMAINS, {
        body: JSON.stringify({ ...fields, name: 'json.example', require_tls: true, message_ttl: 259_200 }),
        headers: { 'content-type': 'application/json' },
      }),
      await api.call('POST', `${DOMAINS}?${new URLSearchParams({ ...fields, name: 'query.example' })}`),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.json).toMatchObject({
        message: 'Domain DNS records have been created',
        domain: { require_tls: true, web_scheme: 'http', state: 'unverified' },
      });
      expect(answer.json.sending_dns_records).toHaveLength(2);
      expect(answer.text).not.toContain('secret123');
    }
    expect(answers.map((answer) => answer.json.domain.name)).toEqual(['new.example', 'multi.example', 'json.example', 'query.example']);
  });

  it.each([
    [{ wildcard: 'perhaps' }, "'wildcard' parameter must be either 'yes' or 'no'"],
    [{ spam_action: 'burn' }, "'spam_action' parameter must be one of [disabled tag block]"],
    [{ ips: '192.0.2.10,192.0.2.1' }, 'ips: 192.0.2.1 is not an address that this server sends from'],
    [{ pool_id: 'x' }, 'pool_id: the account has no pool x'],
    [{ pool_id: 'x', ips: '192.0.2.10' }, "'ips' and 'pool_id' cannot be given together"],
    [{ archive_to: 'ftp://x.example' }, "'archive_to' must be an http or https URL"],
    [{ message_ttl: '0' }, "The 'message_ttl' parameter must be a whole number of at least 1"],
    [{ dkim_key_size: '512' }, "'dkim_key_size' parameter must be one of [1024 2048 4096]"],
    [{ smtp_password: '1234' }, 'Password is too short. It must be between 5 and 32 characters.'],
    [{ name: '' }, "Parameter 'name' is missing"],
    [{ name: 'example.com' }, 'Domain example.com is already taken'],
    [{ require_tls: 'maybe' }, "'require_tls' parameter must be either 'yes' or 'no'"],
  ])('refuses to create with %j', async (fields, message) => {
    const answer = await api.call('POST', DOMAINS, { form: { name: 'new.example', ...fields } as Record<string, string> });
    expect([answer.status, answer.json.message]).toEqual([400, message]);
    expect((await api.call('GET', DOMAINS)).json.total_count).toBe(2);
  });

  it('updates what is given', async () => {
    const form = { message_ttl: '3600', require_tls: 'yes', web_prefix: 'links', web_scheme: 'http' };
    const updated = await api.call('PUT', `${DOMAINS}/example.com`, { form });
    expect(updated.json).toMatchObject({
      message: 'Domain has been updated',
      domain: { message_ttl: 3600, require_tls: true, skip_verification: false, web_prefix: 'links', web_scheme: 'http' },
    });
    expect(updated.json).toHaveProperty('sending_dns_records');
    await api.call('PUT', `${DOMAINS}/example.com`, { form: { skip_verification: 'true' } });
    expect((await api.call('GET', `${DOMAINS}/example.com`)).json.domain).toMatchObject({ message_ttl: 3600, skip_verification: true });
  });

  it.each([
    [{ message_ttl: 'x' }, "The 'message_ttl' parameter must be a whole number of at least 1"],
    [{ web_scheme: 'ftp' }, "'web_scheme' parameter must be one of [http https]"],
  ])('refuses to update with %j', async (form, message) => {
    const answer = await api.call('PUT', `${DOMAINS}/example.com`, { form: form as Record<string, string> });
    expect([answer.status, answer.json.message]).toEqual([400, message]);
  });

  it('changes the password of postmaster', async () => {
    await api.call('POST', '/v3/domains/example.com/credentials', { form: { login: 'postmaster', password: 'before-it' } });
    expect((await api.call('PUT', `${DOMAINS}/example.com`, { form: { smtp_password: 'after-it' } })).status).toBe(200);
    expect(api.directory.credentialPasswords.get('postmaster@example.com')).toBe('after-it');
  });

  it('verifies and deletes', async () => {
    const verified = await api.call('PUT', `${DOMAINS}/example.com/verify`);
    expect(verified.json).toMatchObject({ message: 'Domain DNS records have been updated', domain: { state: 'active' } });
    expect((await api.call('DELETE', `${DOMAINS}/example.com`)).json).toEqual({ message: 'Domain has been deleted' });
    expect(await api.call('GET', `${DOMAINS}/example.com`)).toMatchObject({
      status: 404,
      json: { message: 'Domain not found: example.com' },
    });
  });

  it('may be read by analysts and changed by developers', async () => {
    expect((await api.call('GET', DOMAINS, { key: KEYS.analyst })).status).toBe(200);
    expect((await api.call('DELETE', `${DOMAINS}/example.com`, { key: KEYS.analyst })).status).toBe(403);
    expect((await api.call('DELETE', `${DOMAINS}/example.com`, { key: KEYS.support })).status).toBe(403);
    expect((await api.call('DELETE', `${DOMAINS}/example.com`, { key: KEYS.developer })).status).toBe(200);
  });
});

describe.each(['/v3/domains/example.com/credentials', '/v3/example.com/credentials', '/v3/example.com/mailboxes'])(
  'credentials at %s',
  (base) => {
    it('lives from creation to deletion', async () => {
      const field = base.endsWith('mailboxes') ? 'mailbox' : 'login';
      expect((await api.call('POST', base, { form: { [field]: 'alice', password: 'password1' } })).json).toEqual({
        message: 'Created 1 credentials pair(s)',
      });
      expect((await api.call('GET', base)).json).toEqual({
        total_count: 1,
        items: [
          { created_at: 'Wed, 04 Mar 2026 10:15:30 +0000', login: 'alice@example.com', mailbox: 'alice@example.com', size_bytes: null },
        ],
      });
      expect((await api.call('PUT', `${base}/alice`, { form: { password: 'password2' } })).json).toEqual({ message: 'Password changed' });
      expect((await api.call('PUT', `${base}/alice%40example.com`, { form: { password: 'password3' } })).status).toBe(200);
      expect(api.directory.credentialPasswords.get('alice@example.com')).toBe('password3');
      expect((await api.call('DELETE', `${base}/alice@example.com`)).json).toEqual({
        message: 'Credentials have been deleted',
        spec: 'alice@example.com',
      });
      expect(await api.call('DELETE', `${base}/alice`)).toMatchObject({ status: 404, json: { message: 'Credentials not found' } });
    });

    it('makes passwords and shows them once', async () => {
      const made = await api.call('POST', base, {
        form: [
          ['login', 'a+b@example.com'],
          ['login', 'c'],
        ],
      });
      expect(made.json).toEqual({
        message: 'Created 2 credentials pair(s)',
        note: expect.any(String),
        credentials: { 'a+b@example.com': 'made-by-the-server', 'c@example.com': 'made-by-the-server' },
      });
      const changed = await api.call('PUT', `${base}/a+b@example.com`);
      const password = changed.json.credentials['a+b@example.com'];
      expect(password).toMatch(/^\w{24}$/);
      expect(api.directory.credentialPasswords.get('a+b@example.com')).toBe(password);
      expect((await api.call('DELETE', base)).json).toEqual({ message: 'All domain credentials have been deleted', count: 2 });
    });

    it.each([
      [{}, "Parameter 'login' is missing"],
      [{ login: 'a', password: '1234' }, 'Password is too short. It must be between 5 and 32 characters.'],
      [{ login: 'a', password: 'x'.repeat(33) }, 'Password is too short. It must be between 5 and 32 characters.'],
      [{ login: 'a', system: 'true' }, "'system' is not supported by this version"],
    ])('refuses %j', async (form, message) => {
      expect(await api.call('POST', base, { form: form as Record<string, string> })).toMatchObject({ status: 400, json: { message } });
    });
  },
);

describe('keys', () => {
  it('creates a key that is shown flat and nested, once', async () => {
    const { json } = await api.call('POST', '/v1/keys', { form: { role: 'basic', description: 'reports', expiration: '3600' } });
    const shown = {
      ...{
        id: expect.any(String),
        description: 'reports',
        kind: 'user',
        role: 'basic',
        is_disabled: false,
        domain_name: null,
        requestor: null,
        user_name: null,
      },
      ...{
        created_at: '2026-03-04T10:15:30',
        updated_at: '2026-03-04T10:15:30',
        expires_at: '2026-03-04T11:15:30',
        secret: expect.any(String),
      },
    };
    expect(json).toEqual({ message: 'great success', key: shown, ...shown });
    expect((await api.call('GET', '/v3/domains', { key: json.secret })).status).toBe(200);
    expect((await api.call('DELETE', '/v3/domains/example.com', { key: json.secret })).status).toBe(403);
    const listed = await api.call('GET', '/v1/keys');
    expect(listed.json.total_count).toBe(6);
    expect(listed.text).not.toContain(json.secret);
    expect((await api.call('DELETE', `/v1/keys/${json.id}`)).json).toEqual({ message: 'key deleted' });
    expect((await api.call('GET', '/v3/domains', { key: json.secret })).status).toBe(401);
  });

  it('leaves unset dates out', async () => {
    const { json } = await api.call('POST', '/v1/keys', { form: { role: 'sending', kind: 'domain', domain_name: 'example.com' } });
    expect(json.key).not.toHaveProperty('expires_at');
    expect(json.key).toMatchObject({ role: 'sending', kind: 'domain', domain_name: 'example.com' });
    expect((await api.call('GET', '/v1/keys?kind=domain')).json.total_count).toBe(2);
  });

  it.each([
    [{}, "Parameter 'role' is missing"],
    [{ role: 'root' }, "'role' parameter must be one of [admin basic analyst developer support sending]"],
    [{ role: 'admin', expiration: '0' }, "The 'expiration' parameter must be a whole number of at least 1"],
    [{ role: 'admin', kind: 'x' }, "'kind' parameter must be one of [domain user web]"],
  ])('refuses %j', async (form, message) => {
    expect(await api.call('POST', '/v1/keys', { form: form as Record<string, string> })).toMatchObject({ status: 400, json: { message } });
  });

  it('answers 404 and 400 as Mailgun does', async () => {
    expect((await api.call('DELETE', '/v1/keys/none')).status).toBe(404);
    expect((await api.call('GET', '/v1/keys?kind=x')).json.message).toBe('expected `kind` param to be one of [domain user web] or absent');
  });

  it('may be listed by developers, made by administrators', async () => {
    expect((await api.call('GET', '/v1/keys', { key: KEYS.developer })).status).toBe(200);
    expect((await api.call('POST', '/v1/keys', { key: KEYS.developer, form: { role: 'admin' } })).status).toBe(403);
    expect((await api.call('GET', '/v1/keys', { key: KEYS.analyst })).status).toBe(403);
  });
});
