// @ts-check
/** Verifies DKIM signatures with mailauth, an implementation that is not ours, against the DNS records a domain shows. */
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';

/**
 * Gives one result per signature, such as `pass` or `fail (body hash did not verify)`.
 * @param {Buffer} message
 * @param {{ record_type: string, name: string, value: string }[]} records `sending_dns_records` of the domain
 * @returns {Promise<string[]>}
 */
export async function verifyDkim(message, records) {
  /** @param {string} name @param {string} type */
  const resolver = async (name, type) => {
    const found = records.filter((record) => record.record_type === type && record.name.toLowerCase() === name.toLowerCase());
    if (found.length === 0) throw Object.assign(new Error(`no ${type} record at ${name}`), { code: 'ENOTFOUND' });
    return found.map(({ value }) => [value]);
  };
  const { results } = await dkimVerify(message, { resolver });
  return results.map(({ status, signingDomain }) => {
    const comment = status.comment ? ` (${status.comment})` : '';
    return signingDomain ? `${status.result}${comment}` : 'none';
  });
}
