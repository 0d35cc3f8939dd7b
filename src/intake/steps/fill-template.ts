/** Renders the stored template a message asks for into its texts, and fills header fields it lacks with the template's. Nothing else of the message changes. */
import { badRequest, Refusal } from '#core';
import { shownVariables } from '#events';
import { type HeadField, makeField, parseAddressList, replaceTexts } from '#mail';
import type { Draft } from '../draft/draft.js';
import { readContent } from '../draft/read-content.js';
import type { IntakeContext, IntakeStep } from '../draft/step.js';
import { renderTemplate } from '../template/render-template.js';
import { checkTemplateRequest, type TemplateRequest } from '../template/template-request.js';

export const fillTemplate: IntakeStep = (draft, context) =>
  draft.template === undefined
    ? draft
    : fill(draft, draft.template, context).catch((error: unknown) => {
        if (error instanceof Refusal) return error;
        throw error;
      });

async function fill(draft: Draft, request: TemplateRequest, { directory, spool }: IntakeContext): Promise<Draft> {
  const { submission } = draft;
  const isHttp = submission.method === 'http';
  const names = isHttp ? PARAMETERS : HEADER_FORMS;
  checkTemplateRequest(request, names);
  const template = await directory.templates.ready(submission.domain, request.name, request.version).catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error;
    // The client is told which of its options is wrong.
    throw badRequest(`'${error.publicText.startsWith('version ') ? names.version : names.template}': ${error.publicText}`);
  });
  const { html, text, fields, merge } = renderTemplate(template, {
    userVariables: draft.userVariables,
    variables: request.variables,
    wantsText: request.text === true,
    isBatch: draft.recipientVariables !== undefined,
    present: new Set(draft.head.map((field) => field.lowerName)),
  });
  const needsAuthor = !draft.head.some(isAuthor);
  const fallback = needsAuthor && !fields.some(isAuthor) ? [makeField('From', `postmaster@${submission.domain.name}`)] : [];
  const head = [...fallback, ...fields, ...draft.head];
  const { message, isTextTaken } = await replaceTexts(head, () => spool.openBody(draft.body), { html, text });
  const content = await readContent(message, spool.newBody());
  const isText = text !== undefined && isTextTaken;
  const author = needsAuthor ? parseAddressList(head.find(isAuthor)?.value ?? '')?.[0]?.address : undefined;
  return {
    ...draft,
    ...content,
    // Over SMTP the envelope says who sends. Over HTTP the author does, who may come from the template.
    submission: isHttp && author !== undefined ? { ...submission, sender: author } : submission,
    filledBy: {
      ...{ name: template.name, version: template.tag, isText },
      ...(request.variables === undefined ? {} : { variables: shownVariables(request.variables) }),
    },
    ...(merge === undefined ? {} : { merge: isText ? merge : { ...merge, textFromHtml: false } }),
  };
}

const isAuthor = (field: HeadField): boolean => field.lowerName === 'from';

/** The API refuses template parameters without `template` earlier: a request that still lacks a name came in fields, over SMTP or HTTP. */
const OPTIONS = 'X-Mailgun-Template-Version or X-Mailgun-Template-Variables';
const PARAMETERS = { template: 'template', version: 't:version', options: OPTIONS };
const HEADER_FORMS = { template: 'X-Mailgun-Template-Name', version: 'X-Mailgun-Template-Version', options: OPTIONS };
