/** An answer other than 200: status, headers and body, thrown by the steps around a handler or made from any error. */
import { badRequest, cleanText, type Refusal, refusalFrom } from '#core';

export class ErrorAnswer extends Error {
  override readonly name = 'ErrorAnswer';
  readonly status: number;
  /** A string is sent as text/plain, an object as JSON. */
  readonly body: string | object;
  readonly headers: Record<string, string>;

  constructor(status: number, body: string | object, headers: Record<string, string> = {}) {
    super(typeof body === 'string' ? body : JSON.stringify(body));
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** Never shows more than a refusal's public text; what is unknown is a 500 without details. */
export function errorAnswerFrom(error: unknown): ErrorAnswer {
  if (error instanceof ErrorAnswer) return error;
  const refusal = refusalFrom(error);
  const headers: Record<string, string> = refusal.retryAfter === undefined ? {} : { 'retry-after': String(refusal.retryAfter) };
  return new ErrorAnswer(refusal.httpStatus, { message: refusal.publicText }, headers);
}

/** A parameter (or a value of it) that a later release will know. */
export const notSupported = (parameter: string): Refusal => badRequest(`'${cleanText(parameter)}' is not supported by this version`);
