import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeSelfSignedCertificate } from '#net';

const notBefore = Date.UTC(2026, 0, 2, 3, 4, 5);

describe('makeSelfSignedCertificate', () => {
  it('makes a certificate that verifies with its own key and names the host', async () => {
    const { cert, key } = await makeSelfSignedCertificate({ hostname: 'mail.example.com', notBefore });
    const x509 = new X509Certificate(cert);
    expect(x509.verify(x509.publicKey)).toBe(true);
    expect(x509.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(x509.checkIssued(x509)).toBe(true);
    expect(x509.checkHost('mail.example.com')).toBe('mail.example.com');
    expect(x509.checkHost('other.example.com')).toBeUndefined();
    expect([x509.subject, x509.issuer, x509.ca]).toEqual(['CN=mail.example.com', 'CN=mail.example.com', false]);
    expect(x509.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(x509.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(Date.parse(x509.validFrom)).toBe(notBefore);
    expect(new Date(x509.validTo).getUTCFullYear()).toBe(2036);
  });

  it('survives the change of date form in 2050', async () => {
    const x509 = new X509Certificate(
      (await makeSelfSignedCertificate({ hostname: 'a.test', notBefore: Date.UTC(2049, 5, 1), days: 365 })).cert,
    );
    expect([Date.parse(x509.validFrom), Date.parse(x509.validTo)]).toEqual([Date.UTC(2049, 5, 1), Date.UTC(2050, 5, 1)]);
  });

  it('names an address as one', async () => {
    const v4 = new X509Certificate((await makeSelfSignedCertificate({ hostname: '192.0.2.1', notBefore })).cert);
    expect([v4.checkIP('192.0.2.1'), v4.checkIP('192.0.2.2')]).toEqual(['192.0.2.1', undefined]);
    const v6 = new X509Certificate((await makeSelfSignedCertificate({ hostname: '2001:db8::1', notBefore })).cert);
    expect(v6.checkIP('2001:db8::1')).toBe('2001:db8::1');
  });

  it('takes names longer than a common name may be, and never repeats a serial number', async () => {
    const hostname = `${'abcdefghi.'.repeat(24)}test`;
    const one = new X509Certificate((await makeSelfSignedCertificate({ hostname, notBefore })).cert);
    const other = new X509Certificate((await makeSelfSignedCertificate({ hostname, notBefore })).cert);
    expect(one.checkHost(hostname)).toBe(hostname);
    expect(one.serialNumber).toMatch(/^01[0-9A-F]{24}$/);
    expect(one.serialNumber).not.toBe(other.serialNumber);
  });
});
