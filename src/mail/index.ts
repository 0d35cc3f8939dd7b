/**
 * mail: codecs of Internet messages. Bytes in, bytes out: no sockets, files, SQL or clock; times come in as arguments.
 *
 * - Input that a client may not send (NUL, too large, a line break in a header, a bad header name or address) throws Refusal.
 * - Malformed input is never an error: it reads as text, an opaque part, an empty list or undefined, and its bytes are kept.
 * - Messages are in wire form: CRLF only, head and body apart, not dot-stuffed. `makeMessageReader` brings input into this form.
 * - Streams are read once, in bounded memory. The result never depends on how the input was cut into chunks.
 * - A template that cannot be read or rendered throws TemplateError, whose message tells its author why.
 * - Any other error comes from the caller's own stream or key.
 */
export { attachmentType } from './compose/attachment-type.js';
export { buildMessage, type ComposedMessage, type MessageParts } from './compose/build-message.js';
export type { AttachedPart } from './compose/compose-part.js';
export { replaceTexts } from './compose/replace-texts.js';
export { dkimRecordValue, generateDkimKey, publicKeyOfRecord, readDkimKey } from './dkim/dkim-key.js';
export { signDkim } from './dkim/sign-dkim.js';
export { formatMailbox, parseAddressList, readAddressList } from './head/address-list.js';
export { decodeHeaderText } from './head/encoded-words.js';
export { allValues, firstValue, foldLongFields, type HeadField, joinHead, needsEightBitHead, parseHead } from './head/head-fields.js';
export { makeField } from './head/make-field.js';
export { domainsNamedIn } from './head/named-domains.js';
export { type LintWarning, lintMessage } from './lint/lint-message.js';
export type { LintContext } from './lint/lint-rules.js';
export { compileAuthors, isAuthorField } from './merge/author-fields.js';
export { type MergePlan, planMerge } from './merge/merge-plan.js';
export { type MergeRecipient, makeLookup, mergeRecipientOf } from './merge/merge-recipient.js';
export { checkMergeSize } from './merge/merge-size.js';
export { hasPlaceholder } from './merge/placeholders.js';
export { planBatch } from './merge/plan-batch.js';
export { type MergedMessage, mergedMessage, renderMerge } from './merge/render-merge.js';
export { substituteText, substituteTexts } from './merge/substitute-texts.js';
export { templateFields } from './merge/template-fields.js';
export { messageLimits } from './message-limits.js';
export type { BodyPatch } from './mime/body-patch.js';
export { bodyHashOf, makeBodyScan, scanBody } from './mime/body-scan.js';
export type { MimePart } from './mime/mime-part.js';
export { type MimeSink, makeMimeWalker } from './mime/mime-walker.js';
export { decodeContent } from './mime/part-text.js';
export { type ReencodeReasons, reencodeFor7Bit } from './mime/reencode-for-7bit.js';
export { SealedContent } from './mime/sealed-content.js';
export { listAttachments, makeAttachmentLister } from './read/list-attachments.js';
export { type MessageReader, makeMessageReader, type ReadMessage, readHead } from './read/message-reader.js';
export { mimeText } from './read/mime-text.js';
export { openAttachment } from './read/open-attachment.js';
export { type ParsedAttachment, type ParsedMessage, parseMessage } from './read/parse-message.js';
export { stripQuotedHtml } from './read/strip-quoted-html.js';
export { stripQuotes } from './read/strip-quotes.js';
export { textOfHtml } from './read/text-of-html.js';
export { compileTemplate, type Template } from './template/compile-template.js';
export { TemplateError } from './template/template-error.js';
