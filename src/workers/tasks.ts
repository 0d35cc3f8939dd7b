/** The tasks of the workers. Each is a pure function; its argument and its result can be posted between threads. */
import { type Merge, Refusal } from '#core';
import {
  type BodyPatch,
  type LintContext,
  type LintWarning,
  lintMessage,
  type MergeRecipient,
  parseHead,
  planBatch,
  renderMerge,
  stripQuotedHtml,
  stripQuotes,
  TemplateError,
  textOfHtml,
} from '#mail';

export interface MergeTask {
  head: Uint8Array;
  /** The whole stored body. */
  body: Uint8Array;
  merge: Merge;
  recipient: MergeRecipient;
}

export interface MergeResult {
  head: Uint8Array;
  patches: readonly BodyPatch[];
}

/** A stored message's text and HTML. */
export interface PreviewTask {
  plain: string | undefined;
  html: string | undefined;
}

export interface Preview {
  /** Made from the HTML if the message has no plain text. */
  plain: string;
  strippedText: string;
  signature: string;
  strippedHtml: string | undefined;
}

export interface LintTask {
  head: Uint8Array;
  body: Uint8Array;
  context: LintContext;
}

export interface Tasks {
  lint: (task: LintTask) => Promise<LintWarning[]>;
  merge: (task: MergeTask) => Promise<MergeResult>;
  preview: (task: PreviewTask) => Preview;
}

export const TASKS: Tasks = {
  lint: ({ head, body, context }) => lintMessage(parseHead(head), [body], context),
  async merge({ head, body, merge, recipient }) {
    const made = renderMerge(await planBatch(parseHead(head), [body], merge), recipient);
    return { head: made.head, patches: made.patches };
  },
  preview({ plain, html }) {
    const text = plain ?? (html === undefined ? '' : textOfHtml(html));
    const stripped = stripQuotes(text);
    const strippedHtml = html === undefined ? undefined : stripQuotedHtml(html);
    return { plain: text, strippedText: stripped.text, signature: stripped.signature, strippedHtml };
  },
};

/** The error of a task in a form that can be posted between threads. Refusals and template errors keep their class. */
export type SentError =
  | { kind: 'refusal'; smtpCode: number; enhancedCode: string; httpStatus: number; text: string }
  | { kind: 'template'; text: string }
  | { kind: 'other'; text: string };

export function toSentError(error: unknown): SentError {
  if (error instanceof Refusal) {
    const { smtpCode, enhancedCode, httpStatus, publicText } = error;
    return { kind: 'refusal', smtpCode, enhancedCode, httpStatus, text: publicText };
  }
  if (error instanceof TemplateError) return { kind: 'template', text: error.message };
  return { kind: 'other', text: error instanceof Error ? error.message : String(error) };
}

export function fromSentError(sent: SentError): Error {
  if (sent.kind === 'refusal') return new Refusal(sent);
  return sent.kind === 'template' ? new TemplateError(sent.text) : new Error(sent.text);
}
