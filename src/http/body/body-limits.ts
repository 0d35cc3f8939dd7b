/** How large a request may be, in bytes and in parts. */
export const bodyLimits = {
  /** Whole body, before and after decompression: Mailgun's 52.4 MiB. */
  bytes: Math.floor(52.4 * 1024 * 1024),
  /** A JSON body. A message cannot be larger, and files are not sent as JSON. */
  json: 32 * 1024 * 1024,
  /** Fields of a body or of a query. A thousand recipients may come as a thousand fields, with others beside them. */
  fields: 4000,
  /** File parts. */
  files: 1000,
  /** Bytes of a field's name. */
  fieldName: 1024,
  /** File parts up to this size stay in memory; larger ones go to a temporary file. */
  memoryPerFile: 256 * 1024,
} as const;

export const TOO_LARGE_TEXT = 'request size exceeds 52.4MiB limit';
