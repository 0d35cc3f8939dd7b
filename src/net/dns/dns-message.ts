/** Encodes one DNS question and reads the response to it; pure. A response to another question is distinguished from a broken response. */

import { type Answer, AUTHENTIC_DATA, type DecodedPacket, decode, encode, RECURSION_DESIRED } from 'dns-packet';
import { randomToken } from '#core';
import type { DnsType } from './dns-answer.js';

/** This size passes every path without fragments (DNS flag day 2020). */
const UDP_PAYLOAD_BYTES = 1232;
const NEGATIVE_TTL_SECONDS = 60;

export interface DnsQuestion {
  id: number;
  /** Lower case, no final dot. */
  name: string;
  type: DnsType;
}

export interface DnsResponse {
  /** Response code with the upper bits of EDNS (RFC 6891 6.1.3). */
  rcode: number;
  truncated: boolean;
  authenticated: boolean;
  answers: Answer[];
  /** Set if the authority section holds the SOA of a negative answer (RFC 2308): how long that answer may be kept, s. */
  negativeTtl: number | undefined;
}

/** `ignored`: not the response to this question (perhaps forged), so the real response may still come. */
export type ReadResponse = { kind: 'response'; response: DnsResponse } | { kind: 'ignored' } | { kind: 'malformed' };

/** Gives the name in the form in which names are compared and stored. Undefined if it cannot be written in a DNS message (RFC 1035 2.3.4). */
export function normaliseDnsName(name: string): string | undefined {
  const bare = name.toLowerCase().replace(/\.$/, '');
  const labels = bare.split('.');
  const fits = bare.length <= 253 && labels.every((label) => /^[\x21-\x7e]{1,63}$/.test(label));
  return fits ? bare : undefined;
}

export const randomQueryId = (): number => Buffer.from(randomToken(2), 'base64url').readUInt16BE();

/** `edns` is false for servers that answer FORMERR to EDNS0. The AD bit is set to ask for the result of validation (RFC 6840 5.7). */
export function encodeQuestion(question: DnsQuestion, edns: boolean): Buffer {
  return encode({
    type: 'query',
    id: question.id,
    flags: RECURSION_DESIRED | AUTHENTIC_DATA,
    questions: [{ name: question.name, type: question.type, class: 'IN' }],
    additionals: edns
      ? [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: UDP_PAYLOAD_BYTES,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ]
      : [],
  });
}

export function readResponse(bytes: Buffer, question: DnsQuestion): ReadResponse {
  if (bytes.length < 12 || bytes.readUInt16BE(0) !== question.id) return { kind: 'ignored' };
  let packet: DecodedPacket;
  try {
    packet = decode(bytes);
    // The decoder accepts a last record that claims to be longer than the message. Its size is then too large or NaN.
    if (!(decode.bytes <= bytes.length)) return { kind: 'malformed' };
  } catch {
    return { kind: 'malformed' };
  }
  const rcode = rcodeOf(packet);
  if (!packet.flag_qr || !echoes(packet, question, rcode)) return { kind: 'ignored' };
  const response = {
    rcode,
    truncated: packet.flag_tc,
    authenticated: packet.flag_ad,
    answers: packet.answers ?? [],
    negativeTtl: negativeTtlOf(packet),
  };
  return { kind: 'response', response };
}

function rcodeOf(packet: DecodedPacket): number {
  const opt = packet.additionals?.find((record) => record.type === 'OPT');
  return ((opt?.type === 'OPT' ? opt.extendedRcode : 0) << 4) | ((packet.flags ?? 0) & 0xf);
}

/** Whether the response repeats the question. Only servers too old for EDNS0 leave it out, and only together with an error code. */
function echoes(packet: DecodedPacket, question: DnsQuestion, rcode: number): boolean {
  const [asked, ...more] = packet.questions ?? [];
  if (!asked) return rcode !== 0 && rcode !== 3;
  return more.length === 0 && asked.name.toLowerCase() === question.name && asked.type === question.type && asked.class === 'IN';
}

function negativeTtlOf(packet: DecodedPacket): number | undefined {
  for (const record of packet.authorities ?? []) {
    if (record.type === 'SOA') return Math.min(record.ttl ?? NEGATIVE_TTL_SECONDS, record.data.minimum ?? NEGATIVE_TTL_SECONDS);
  }
  return undefined;
}
