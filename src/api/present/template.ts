/** Templates and their versions as Mailgun's clients read them: dates with a named zone, because clients in Java parse no other. */
import { rfc2822Date } from '#core';
import type { TemplateRecord, TemplateVersionRecord, TemplateVersionSummary } from '#store';
import type { TemplateChangedAnswer, TemplateJson, TemplateVersionJson } from '../contract/template-answers.js';

export function presentTemplate(template: TemplateRecord, version?: TemplateVersionRecord): TemplateJson {
  return {
    name: template.name,
    description: template.description,
    createdAt: rfc2822Date(template.createdAt, 'UTC'),
    createdBy: template.createdBy,
    id: template.publicId,
    ...(version === undefined ? {} : { version: presentVersion(version) }),
  };
}

/** Lists leave the text of a version out. */
export function presentVersion(version: TemplateVersionSummary & { source?: string }): TemplateVersionJson {
  return {
    tag: version.tag,
    ...(version.source === undefined ? {} : { template: version.source }),
    engine: version.engine,
    mjml: '',
    createdAt: rfc2822Date(version.createdAt, 'UTC'),
    comment: version.comment,
    active: version.active,
    id: version.publicId,
    headers: version.headers,
  };
}

export const presentChange = (message: string, template: TemplateRecord, version?: TemplateVersionRecord): TemplateChangedAnswer => ({
  template: { name: template.name, ...(version === undefined ? {} : { version: { tag: version.tag } }) },
  message,
});
