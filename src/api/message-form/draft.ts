/** What a send asks for, read and checked: ready for intake but for who sends it. */
import type { Submission } from '#intake';

export type Draft = Pick<
  Submission,
  | 'sender'
  | 'recipients'
  | 'options'
  | 'tags'
  | 'userVariables'
  | 'recipientVariables'
  | 'template'
  | 'attachments'
  | 'addedFields'
  | 'content'
>;
