/** Size limits of a message and of what is made from it, in bytes. The same limits hold for incoming and for outgoing messages. */
export const messageLimits = {
  /** Head, empty line and body (25 MiB, Mailgun's limit). */
  message: 25 * 1024 * 1024,
  /** All header fields together. */
  head: 256 * 1024,
  /** One text with placeholders, both as it stands in the message and when it is filled for a recipient. */
  mergedText: 1024 * 1024,
  /** All texts with placeholders of one message together, when filled; they are kept in memory. */
  mergedTexts: 4 * 1024 * 1024,
  /** Number of texts with placeholders in one message. */
  mergedParts: 1000,
} as const;
