/** What the server answers: a reply code, an enhanced code (RFC 3463) and a text that leaks nothing. */
import { Refusal, refusalFrom } from '#core';

export interface Reply {
  code: number;
  /** Always given; its first digit agrees with the code's. */
  enhancedCode: string;
  /** One line, without the codes. */
  text: string;
}

export const makeReply = (code: number, enhancedCode: string, text: string): Reply => ({ code, enhancedCode, text });

/** Replies are ASCII (RFC 5321 4.2). The text of a refusal may not be: HTTP gives the same refusals. */
const asAscii = (text: string): string => text.replace(/[^\x20-\x7e]/gu, '?');

/** The reply for anything that was thrown. An unknown failure is temporary, and its reply does not tell the cause. */
export function replyFrom(error: unknown): Reply {
  const refusal = refusalFrom(error);
  return makeReply(refusal.smtpCode, refusal.enhancedCode, asAscii(refusal.publicText));
}

/** True for a bug or a failing store, which the log must tell; false for a refusal, which the client is told. */
export const isOurFault = (error: unknown): boolean => !(error instanceof Refusal);

const ENHANCED_CODE = /^[245]\.\d{1,3}\.\d{1,3} /;

/** `5.7.1 relaying denied`: the text as it follows the code on the wire. */
export const wireText = (reply: Reply): string => `${reply.enhancedCode} ${reply.text}`;

export const hasEnhancedCode = (text: string): boolean => ENHANCED_CODE.test(text);
