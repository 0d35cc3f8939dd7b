/** A message on its way to the queue: read once, then changed by each step of the pipeline in turn. */
import type { Address, Attachment, Body, ContentTraits, Merge, MessageFacts, SendOptions } from '#core';
import { type HeadField, type LintWarning, needsEightBitHead } from '#mail';
import type { BodyWriter } from '#store';
import type { RecipientVariables } from '../batch/recipient-variables.js';
import type { RequestedOptions } from '../options/requested-options.js';
import { resolveOptions } from '../options/resolve-options.js';
import type { TemplateRequest } from '../template/template-request.js';
import { readContent } from './read-content.js';
import type { Accepted, Submission } from './submission.js';

export interface Draft {
  readonly submission: Omit<Submission, 'content'>;
  readonly receivedAt: number;
  head: HeadField[];
  body: Body;
  bodyHash: string;
  traits: ContentTraits;
  /** Bytes read, in wire form. */
  size: number;
  /** What the sender asked for, over the API and in the message. */
  requested: RequestedOptions;
  /** The options that apply: those requested, completed by the domain's settings. */
  options: SendOptions;
  tags: string[];
  userVariables: Record<string, unknown>;
  attachments: Attachment[];
  /** Of a batch, from all places but the container until the step that reads them; undefined: no batch. */
  recipientVariables: RecipientVariables | undefined;
  /** What the message's variables container held. */
  container?: RecipientVariables;
  /** The stored template that is to make its texts, where one was asked for. */
  template: TemplateRequest | undefined;
  /** The one that did, now or when the message was sent first. */
  filledBy: MessageFacts['template'];
  /** Of a batch: what its messages are made with. */
  merge?: Merge;
  /** Of a batch: display names, by address. */
  recipientNames?: ReadonlyMap<Address, string>;
  /** Without angle brackets; `''` until the step that completes the head. */
  messageId: string;
  /** What providers will hold against it, when the sender wants to know. */
  warnings?: LintWarning[];
  /** The UTC day this message is charged to, when its domain has a daily limit. */
  usageDay?: string;
}

/** Reads the content to its end into `writer`. Throws Refusal or StoreError; the caller discards the writer then. */
export async function readDraft(submission: Submission, writer: BodyWriter, receivedAt: number): Promise<Draft> {
  const read = await readContent(submission.content, writer);
  const { domain, addedFields = [] } = submission;
  return {
    submission,
    receivedAt,
    head: [...addedFields, ...read.head],
    body: read.body,
    bodyHash: read.bodyHash,
    traits: { ...read.traits, eightBitHead: read.traits.eightBitHead || needsEightBitHead(addedFields) },
    size: addedFields.reduce((sum, { raw }) => sum + raw.length, read.size),
    requested: submission.options,
    options: resolveOptions(submission.options, domain),
    tags: submission.tags,
    userVariables: submission.userVariables,
    attachments: submission.attachments ?? [],
    recipientVariables: submission.recipientVariables,
    template: submission.template,
    filledBy: submission.filledBy,
    messageId: '',
  };
}

/** What the client is told of a committed message. */
export const acceptedAs = ({ messageId, warnings }: Draft): Accepted => (warnings === undefined ? { messageId } : { messageId, warnings });
