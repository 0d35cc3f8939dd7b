/**
 * Runs the command lines of Mailgun's manual against a server of the test's own, as they are printed there but for the host, the key and the
 * domain. Where the page lost an address in angle brackets, it stands here again.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { expect } from 'vitest';
import { need, run } from '../../interop/support/peers.js';
import { openWorld, type World } from '../../scenarios/support/world.ts';
import { waitFor } from '../../support/wait-for.mjs';

export type Mail = Awaited<ReturnType<typeof simpleParser>>;

export interface Manual {
  world: World;
  /** Runs a command line of the manual and gives what it printed. */
  shell(line: string): Promise<string>;
  /** The same for a line that asks the API: its JSON answer. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the API answers.
  curl(line: string): Promise<any>;
  /** Waits until so many mails have been delivered, and gives them, read, by recipient. */
  delivered(count: number): Promise<Map<string, Mail>>;
}

/** With `files/cartman.jpg`, `.png` and `files/message.mime` in the folder where the lines run; mail to `example.com` is taken. */
export async function openManual(): Promise<Manual> {
  need('curl', 'curl');
  const zone = { MX: [{ preference: 10, exchange: 'mx.dst.test' }] };
  const world = await openWorld({ zones: { 'example.com': zone, 'src.test': zone } });
  const files = join(world.folder, 'files');
  mkdirSync(files);
  for (const name of ['cartman.jpg', 'cartman.png']) writeFileSync(join(files, name), Buffer.from(`${name} \x00\x01\xff`, 'latin1'));
  writeFileSync(
    join(files, 'message.mime'),
    'From: Bob <bob@src.test>\nTo: bob@example.com\nSubject: Built by myself\nMIME-Version: 1.0\nContent-Type: text/plain\n\nMIME body\n',
  );

  const shell = async (line: string) => {
    const { code, text } = await run('sh', ['-c', inPlaceOfMailgun(line, world)], { cwd: world.folder });
    expect(code, text).toBe(0);
    return text;
  };
  return {
    world,
    shell,
    curl: async (line) => JSON.parse(await shell(line)),
    async delivered(count) {
      await waitFor(() => world.mx.messages.length >= count, { what: `${count} mails` });
      const read = await Promise.all(
        world.mx.messages.map(
          async ({ rcptTo, data }): Promise<[string, Mail]> => [rcptTo.join(), withoutLastLineEnd(await simpleParser(data))],
        ),
      );
      expect(read).toHaveLength(count);
      return new Map(read);
    },
  };
}

/** Every part of a mail ends with a line end, whether its sender wrote one or not. */
function withoutLastLineEnd(mail: Mail): Mail {
  if (mail.text !== undefined) mail.text = mail.text.replace(/\n$/, '');
  if (mail.html !== false) mail.html = mail.html.replace(/\n$/, '');
  return mail;
}

function inPlaceOfMailgun(line: string, { server, domain, login, password }: World): string {
  return line
    .replaceAll('https://api.mailgun.net', server.url)
    .replaceAll('api:YOUR_API_KEY', `api:${server.keys.apiKey}`)
    .replaceAll('YOUR_DOMAIN_NAME', domain)
    .replaceAll('--server smtp.mailgun.org', `--server 127.0.0.1 --port ${server.addresses.smtp[0]} -tls`)
    .replaceAll('YOUR-SMTP-USER', login)
    .replaceAll('YOUR-SMTP-PASSWORD', password);
}

/** What a send that was taken answers. */
export const QUEUED = { id: expect.stringMatching(/^<[^<>@\s]+@[^<>@\s]+>$/), message: 'Queued. Thank you.' };
