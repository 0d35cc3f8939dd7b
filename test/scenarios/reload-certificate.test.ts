/** SIGHUP reads the certificate again without ending a session; a certificate that cannot be used changes nothing. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { makeSelfSignedCertificate } from '#net';
import { openDialog } from '../support/smtp-dialog.mjs';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { openWorld } from './support/world.js';

const makePair = () => makeSelfSignedCertificate({ hostname: 'mail.mailwagon.test', notBefore: Date.now() });

/** Fingerprint of the certificate shown on a port with implicit TLS. */
function fingerprint(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('new handshakes show the new certificate, old sessions go on', async () => {
  const folder = tempDir();
  onTestFinished(folder.cleanup);
  const [cert, key] = [join(folder.path, 'cert.pem'), join(folder.path, 'key.pem')];
  const write = (pair: { cert: string; key: string }) => {
    writeFileSync(cert, pair.cert);
    writeFileSync(key, pair.key);
  };
  write(await makePair());
  const { server } = await openWorld({ config: { tls: { cert, key } } });
  const [port = 0] = server.addresses.smtps;
  const first = await fingerprint(port);
  const session = await openDialog({ port, tls: true });
  onTestFinished(() => session.close());
  await session.expect('220');

  write(await makePair());
  server.signal('SIGHUP');
  await waitFor(() => server.log.some(({ msg }) => msg === 'reloaded'), { what: 'the reload' });
  const second = await fingerprint(port);
  expect(second).not.toBe(first);
  await session.command('NOOP', '250');

  writeFileSync(key, 'not a key');
  server.signal('SIGHUP');
  await waitFor(() => server.log.some(({ msg }) => String(msg).startsWith('reload failed')), { what: 'the refusal' });
  expect(await fingerprint(port)).toBe(second);
});
