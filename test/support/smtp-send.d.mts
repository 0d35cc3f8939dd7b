export interface SmtpServer {
  port: number;
  /** TLS from the first byte; otherwise STARTTLS is required, unless `plain`. */
  implicitTls?: boolean;
  plain?: boolean;
  login?: string;
  password?: string;
  /** Where the connection comes from. */
  localAddress?: string;
}

/** As nodemailer takes it; `raw` is a whole message, which then needs `envelope`. */
export interface SmtpMessage {
  from?: string;
  to?: string | string[];
  cc?: string | string[];
  bcc?: string | string[];
  subject?: string;
  text?: string;
  html?: string;
  headers?: Record<string, string | string[]>;
  attachments?: { filename: string; content: Buffer | string }[];
  envelope?: { from: string; to: string | string[] };
  raw?: Buffer | string;
}

/** The last reply, whatever it was; throws when there was none (connection refused, closed, …). `messageId` without brackets, empty when refused. */
export function smtpSend(server: SmtpServer, message: SmtpMessage): Promise<{ code: number; text: string; messageId: string }>;
