/** How large a message may be, and what is made of it: the same limits hold for what comes in and for what goes out. Bytes. */
export const messageLimits = {
  /** Head, empty line and body (25 MiB, Mailgun's limit). */
  message: 25 * 1024 * 1024,
  /** All header fields together. */
  head: 256 * 1024,
  /** One text with placeholders: as it stands in the message, and filled for a recipient. */
  mergedText: 1024 * 1024,
  /** All such texts of a message together, filled; they are kept in memory. */
  mergedTexts: 4 * 1024 * 1024,
  /** Texts with placeholders in one message. */
  mergedParts: 1000,
} as const;
