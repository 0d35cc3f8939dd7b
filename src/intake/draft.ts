/** A message on its way to the queue: read once, then changed by each step of the pipeline in turn. */
import type { Attachment, Body, ContentTraits, SendOptions } from '#core';
import { type HeadField, makeMessageReader, parseHead } from '#mail';
import type { BodyWriter } from '#store';
import type { Submission } from './submission.js';

/** Bytes of a message as it comes in, head and body (25 MiB, Mailgun's limit). */
export const MAX_MESSAGE_SIZE = 25 * 1024 * 1024;

export interface Draft {
  readonly submission: Omit<Submission, 'content'>;
  readonly receivedAt: number;
  head: HeadField[];
  body: Body;
  bodyHash: string;
  traits: ContentTraits;
  /** Bytes read, in wire form. */
  size: number;
  options: SendOptions;
  tags: string[];
  userVariables: Record<string, unknown>;
  attachments: Attachment[];
  /** Without angle brackets; `''` until the step that completes the head. */
  messageId: string;
  /** The UTC day this message is charged to, when its domain has a daily limit. */
  usageDay?: string;
}

/** Reads the content to its end into `writer`. Throws Refusal or StoreError; the caller discards the writer then. */
export async function readDraft(submission: Submission, writer: BodyWriter, receivedAt: number): Promise<Draft> {
  const { content, ...rest } = submission;
  const reader = makeMessageReader({ maxSize: MAX_MESSAGE_SIZE });
  const write = async (pieces: Uint8Array[]) => {
    for (const piece of pieces) {
      const room = writer.write(piece);
      if (room !== undefined) await room;
    }
  };
  for await (const chunk of content) {
    const pieces = reader.push(chunk);
    if (pieces.length > 0) await write(pieces);
  }
  const read = reader.end();
  await write(read.lastBody);
  const { domain } = submission;
  return {
    submission: rest,
    receivedAt,
    head: parseHead(read.head),
    body: await writer.finish(),
    bodyHash: read.bodyHash,
    traits: read.traits,
    size: read.size,
    options: {
      dkim: submission.options.dkim ?? true,
      testMode: submission.options.testMode ?? false,
      requireTls: submission.options.requireTls ?? domain.requireTls,
      skipVerification: submission.options.skipVerification ?? domain.skipVerification,
      secondaryDkim: submission.options.secondaryDkim,
      secondaryDkimPublic: submission.options.secondaryDkimPublic,
    },
    tags: submission.tags,
    userVariables: submission.userVariables,
    attachments: submission.attachments ?? [],
    messageId: '',
  };
}
