/** One result per signature of the message, such as `pass` or `fail (body hash did not verify)`; `records` are a domain's `sending_dns_records`. */
export function verifyDkim(message: Buffer, records: { record_type: string; name: string; value: string }[]): Promise<string[]>;
