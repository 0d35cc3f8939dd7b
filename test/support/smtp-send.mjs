// @ts-check
/** Sends one message over SMTP as a mail client does: nodemailer, with STARTTLS or implicit TLS and a login when there is one. */
import { createTransport } from 'nodemailer';

/**
 * @param {import('./smtp-send.d.mts').SmtpServer} server
 * @param {import('./smtp-send.d.mts').SmtpMessage} message
 */
export async function smtpSend({ port, implicitTls = false, login, password, plain = false, localAddress }, message) {
  const transport = createTransport({
    host: '127.0.0.1',
    port,
    secure: implicitTls,
    localAddress,
    requireTLS: !plain && !implicitTls,
    ignoreTLS: plain,
    tls: { rejectUnauthorized: false },
    auth: login === undefined ? undefined : { user: login, pass: password },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const { response, messageId } = await transport.sendMail(message);
    return { code: Number(response.slice(0, 3)), text: response, messageId: messageId.slice(1, -1) };
  } catch (error) {
    const { responseCode, response } = /** @type {any} */ (error);
    if (responseCode === undefined) throw error;
    return { code: responseCode, text: response, messageId: '' };
  } finally {
    transport.close();
  }
}
