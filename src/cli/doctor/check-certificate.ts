/** Checks that mail clients and servers will trust this server's certificate. If the server would make a self-signed pair, the check says so and makes none. */
import { X509Certificate } from 'node:crypto';
import { DAY } from '#core';
import { type Check, findings } from './finding.js';

const SOON = 14 * DAY;

export const checkCertificate: Check = async ({ config: { tls, hostname }, world }) => {
  const say = findings('certificate');
  const getOne = 'get a certificate for this name (for example with certbot or lego) and set tls.cert and tls.key';
  if (tls.cert === null)
    return [say.warn('the server makes its own certificate: mail clients will warn, and servers that verify will not send', getOne)];
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(await world.readText(tls.cert));
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'it holds no certificate';
    return [say.fail(`${tls.cert} cannot be read (${why})`, 'mend tls.cert, or run doctor as the user of the server')];
  }
  const now = world.clock.now();
  const ends = Date.parse(certificate.validTo);
  const day = new Date(ends).toISOString().slice(0, 10);
  const renew = 'renew it, and let the renewal run "systemctl reload mailwagon"';
  const result = [];
  if (ends <= now) result.push(say.fail(`the certificate ended on ${day}`, renew));
  else if (Date.parse(certificate.validFrom) > now)
    result.push(say.fail('the certificate is not valid yet', 'see whether the clock is right'));
  else if (ends - now < SOON) result.push(say.warn(`the certificate ends on ${day}`, renew));
  if (certificate.checkHost(hostname) === undefined)
    result.push(say.fail(`the certificate is for ${certificate.subjectAltName ?? certificate.subject}, not for ${hostname}`, getOne));
  if (certificate.verify(certificate.publicKey))
    result.push(say.warn('the certificate is signed by itself: mail clients will warn', getOne));
  return result.length > 0 ? result : [say.ok(`the certificate is for ${hostname} and good until ${day}`)];
};
