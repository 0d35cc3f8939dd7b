/**
 * mail: codecs of Internet messages. Bytes in, bytes out: no sockets, files, SQL or clock; times come in as arguments.
 *
 * - What a client sent and may not send (NUL, too large, a line break in a header, a bad header name or address) throws Refusal.
 * - What is merely malformed is never an error: it reads as text, an opaque part, an empty list or undefined, and its bytes are kept.
 * - Messages are in wire form: CRLF only, head and body apart, not dot-stuffed. `makeMessageReader` is what makes them so.
 * - Streams are read once, in bounded memory, and what comes out never depends on how the input was cut into chunks.
 * - A template that cannot be read or rendered throws TemplateError, which tells its author why.
 * - Anything else thrown comes from the caller's own stream or key.
 */
export { formatMailbox, type ParsedMailbox, parseAddressList, readAddressList } from './address-list.js';
export { attachmentType } from './attachment-type.js';
export { type BodyScan, bodyHashOf, makeBodyScan, scanBody } from './body-scan.js';
export { buildMessage, type ComposedMessage, type MessageParts } from './build-message.js';
export type { AttachedPart } from './compose-part.js';
export { type DkimKeyKind, type DkimKeyPair, dkimRecordValue, generateDkimKey, publicKeyOfRecord, readDkimKey } from './dkim-key.js';
export { decodeHeaderText } from './encoded-words.js';
export { allValues, firstValue, foldLongFields, type HeadField, joinHead, needsEightBitHead, parseHead } from './head-fields.js';
export { type LintWarning, lintMessage } from './lint/lint-message.js';
export type { LintContext } from './lint/lint-rules.js';
export { type AttachmentLister, listAttachments, makeAttachmentLister } from './list-attachments.js';
export { makeField } from './make-field.js';
export { compileAuthors, isAuthorField } from './merge/author-fields.js';
export { type MergePlan, planMerge } from './merge/merge-plan.js';
export { type MergeRecipient, makeLookup, mergeRecipientOf } from './merge/merge-recipient.js';
export { checkMergeSize } from './merge/merge-size.js';
export { hasPlaceholder, type Lookup } from './merge/placeholders.js';
export { planBatch } from './merge/plan-batch.js';
export { type MergedMessage, type MergePatch, mergedMessage, renderMerge } from './merge/render-merge.js';
export { substituteText, substituteTexts } from './merge/substitute-texts.js';
export { templateFields } from './merge/template-fields.js';
export { messageLimits } from './message-limits.js';
export { type MessageReader, type MessageReaderOptions, makeMessageReader, type ReadMessage, readHead } from './message-reader.js';
export type { MimePart } from './mime-part.js';
export { type MimeSource, mimeText } from './mime-text.js';
export { type MimeSink, makeMimeWalker } from './mime-walker.js';
export { domainsNamedIn } from './named-domains.js';
export { type OpenAttachment, openAttachment } from './open-attachment.js';
export { type ParsedAttachment, type ParsedMessage, parseMessage } from './parse-message.js';
export { decodeContent } from './part-text.js';
export { type ReencodedMessage, type ReencodeReasons, reencodeFor7Bit } from './reencode-for-7bit.js';
export { SealedContent } from './sealed-content.js';
export { type DkimRequest, signDkim } from './sign-dkim.js';
export { stripQuotedHtml } from './strip-quoted-html.js';
export { type StrippedText, stripQuotes } from './strip-quotes.js';
export { compileTemplate, type Template } from './template/compile-template.js';
export { type ReplacedTexts, replaceTexts } from './template/replace-texts.js';
export { TemplateError } from './template/template-error.js';
export { textOfHtml } from './text-of-html.js';
