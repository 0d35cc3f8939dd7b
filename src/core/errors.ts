/**
 * The errors that cross folders. Everything else is a bug and is answered as an internal failure.
 *
 * `publicText` goes to clients and remote servers and never holds a path, a stack or a secret;
 * `reason` goes to the log. Unknown failures are temporary: mail is kept and tried again.
 */

/** A refusal that both SMTP and HTTP can express: SMTP as `code enhanced text`, HTTP as a status and `{"message": text}`. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** SMTP reply code, 4xx or 5xx. */
  readonly smtpCode: number;
  /** Enhanced status code (RFC 3463), such as `5.7.1`. */
  readonly enhancedCode: string;
  /** HTTP status of the same refusal. */
  readonly httpStatus: number;
  /** What the client is told. */
  readonly publicText: string;
  /** What the log says beside it; may name internals, never secrets. */
  readonly reason: string | undefined;
  /** Seconds after which it may be worth another try, where that is known. */
  readonly retryAfter: number | undefined;

  constructor(fields: {
    smtpCode: number;
    enhancedCode: string;
    httpStatus: number;
    text: string;
    reason?: string;
    retryAfter?: number;
    cause?: unknown;
  }) {
    super(fields.text, { cause: fields.cause });
    this.smtpCode = fields.smtpCode;
    this.enhancedCode = fields.enhancedCode;
    this.httpStatus = fields.httpStatus;
    this.publicText = fields.text;
    this.reason = fields.reason;
    this.retryAfter = fields.retryAfter;
  }

  get isTemporary(): boolean {
    return this.smtpCode < 500;
  }
}

/** The request itself is wrong: HTTP 400, SMTP 550 unless a better code is given. */
export function badRequest(text: string, smtpCode = 550, enhancedCode = '5.6.0'): Refusal {
  return new Refusal({ smtpCode, enhancedCode, httpStatus: 400, text });
}

/** The thing named does not exist for this account: HTTP 404. */
export function notFound(text: string): Refusal {
  return new Refusal({ smtpCode: 550, enhancedCode: '5.1.1', httpStatus: 404, text });
}

/** The caller may not do this: HTTP 403, SMTP 550 5.7.1. */
export function forbidden(text: string): Refusal {
  return new Refusal({ smtpCode: 550, enhancedCode: '5.7.1', httpStatus: 403, text });
}

/** The message or request is too large: HTTP 413, SMTP 552 5.3.4. */
export function tooLarge(text: string): Refusal {
  return new Refusal({ smtpCode: 552, enhancedCode: '5.3.4', httpStatus: 413, text });
}

/**
 * Why the store could not do what was asked; nothing of that operation was kept.
 * `full`: no space left (452 4.3.1, HTTP 507). `failed`: an I/O error, or a store whose thread died (452 4.3.0, HTTP 503).
 * `closed`: the store is shutting down; `superseded`: another process owns what is in it (421 4.3.2, HTTP 503 for both). `conflict`: a unique name is
 * taken, which the caller should have answered.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: 'full' | 'failed' | 'closed' | 'conflict' | 'superseded';

  constructor(kind: StoreError['kind'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}

type StoreTrouble = Exclude<StoreError['kind'], 'conflict'>;

/** What clients are told of a store that cannot work now. All of it passes, so HTTP clients are told when to come back (s). */
const STORE_REFUSALS: Readonly<
  Record<StoreTrouble, Pick<Refusal, 'smtpCode' | 'enhancedCode' | 'httpStatus'> & { text: string; retryAfter: number }>
> = {
  full: { smtpCode: 452, enhancedCode: '4.3.1', httpStatus: 507, text: 'Insufficient system storage', retryAfter: 60 },
  failed: { smtpCode: 452, enhancedCode: '4.3.0', httpStatus: 503, text: 'Storage is not available, try again later', retryAfter: 10 },
  superseded: { smtpCode: 421, enhancedCode: '4.3.2', httpStatus: 503, text: 'Service is shutting down', retryAfter: 10 },
  closed: { smtpCode: 421, enhancedCode: '4.3.2', httpStatus: 503, text: 'Service is shutting down', retryAfter: 10 },
};

/** Turns anything thrown into a refusal that is safe to show. The log keeps the original as `cause`. */
export function refusalFrom(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof StoreError && error.kind !== 'conflict') {
    return new Refusal({ ...STORE_REFUSALS[error.kind], reason: error.message, cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new Refusal({ smtpCode: 451, enhancedCode: '4.3.0', httpStatus: 500, text: 'Internal server error', reason, cause: error });
}
