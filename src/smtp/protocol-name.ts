/** The `with` protocol of a Received field (RFC 3848, RFC 6531 4.3). */
import type { Submission } from '#intake';

export interface ProtocolFacts {
  /** The client said EHLO. */
  extended: boolean;
  secure: boolean;
  isAuthenticated: boolean;
  /** MAIL named SMTPUTF8. */
  utf8: boolean;
}

export function protocolName({ extended, secure, isAuthenticated, utf8 }: ProtocolFacts): Submission['protocol'] {
  if (utf8) return secure ? (isAuthenticated ? 'UTF8SMTPSA' : 'UTF8SMTPS') : isAuthenticated ? 'UTF8SMTPA' : 'UTF8SMTP';
  if (secure) return isAuthenticated ? 'ESMTPSA' : 'ESMTPS';
  if (isAuthenticated) return 'ESMTPA';
  return extended ? 'ESMTP' : 'SMTP';
}
