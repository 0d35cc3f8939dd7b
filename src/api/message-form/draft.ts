/** What a send asks for, read and checked: ready for intake but for who sends it. */
import type { Readable } from 'node:stream';
import type { Submission } from '#intake';

export interface Draft extends Pick<Submission, 'sender' | 'recipients' | 'options' | 'tags' | 'userVariables' | 'attachments'> {
  /** Raw message; whoever made the draft must see to it that it is destroyed. */
  content: Readable;
}
