/** How an attachment is handed out: as what it says it is, but never to be shown or run by a browser as a page of this server. */

/** `filename*` as in RFC 8187; the plain one is for those who do not know it. */
export function attachmentHeaders({ filename, contentType }: { filename: string; contentType: string }): Record<string, string> {
  const ascii = filename.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const exact = encodeURIComponent(Buffer.from(filename, 'utf8').toString('utf8')).replace(
    /['()*]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const names = filename === '' ? '' : `; filename="${ascii}"${ascii === filename ? '' : `; filename*=UTF-8''${exact}`}`;
  return {
    'content-type': contentType,
    'content-disposition': `attachment${names}`,
    'content-security-policy': "sandbox; default-src 'none'",
  };
}
