/** Templates of a domain and their versions. */
import { badRequest, JsonProblem, parseJson, rfc2822Date } from '#core';
import type { NewTemplateVersion } from '#directory';
import type { Form } from '#http';
import type { TemplateRecord, TemplateVersionRecord, TemplateVersionSummary } from '#store';
import type { MessageAnswer } from '../contract/domain-answers.js';
import type {
  TemplateAnswer,
  TemplateChangedAnswer,
  TemplateJson,
  TemplatePageAnswer,
  TemplateVersionJson,
  TemplateVersionPageAnswer,
  VersionCopiedAnswer,
} from '../contract/template-answers.js';
import { type ApiRequest, defineEndpoint, type EndpointDefinition, type Services } from '../endpoint/define-endpoint.js';
import { presentNamePaging, readNamePage } from '../present/paging.js';

function presentTemplate(template: TemplateRecord, version?: TemplateVersionRecord): TemplateJson {
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
function presentVersion(version: TemplateVersionSummary & { source?: string }): TemplateVersionJson {
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

const presentTemplateChange = (message: string, template: TemplateRecord, version?: TemplateVersionRecord): TemplateChangedAnswer => ({
  template: { name: template.name, ...(version === undefined ? {} : { version: { tag: version.tag } }) },
  message,
});

/** Bytes of a template that comes as a file; more characters than one may have. */
const MAX_FILE = 1024 * 1024;

const namesIn = (request: ApiRequest<'domain' | 'template'>): [account: number, domain: string, template: string] => [
  request.account,
  request.params.domain,
  request.params.template,
];

function required(form: Form, name: string): string {
  const value = form.text(name);
  if (value === undefined) throw badRequest(`Parameter '${name}' is missing`);
  return value;
}

/** The source comes as text or as a file. */
async function readSource(form: Form): Promise<string | undefined> {
  const [file] = form.files('template');
  if (file === undefined) return form.text('template');
  if (file.size > MAX_FILE) throw badRequest("'template' is too large");
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.open()) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function readHeaders(form: Form): Record<string, unknown> | undefined {
  const text = form.text('headers');
  if (text === undefined) return undefined;
  try {
    const headers = parseJson(text);
    if (typeof headers === 'object' && headers !== null && !Array.isArray(headers)) return headers as Record<string, unknown>;
  } catch (error) {
    // Answered below, like JSON that is no object.
    if (!(error instanceof JsonProblem)) throw error;
  }
  throw badRequest("'headers' parameter is not a valid JSON object");
}

/** Undefined when no source is given, for a template may be made without a version. Refusal 400 for what belongs to a version then. */
async function readVersion(form: Form): Promise<NewTemplateVersion | undefined> {
  const source = await readSource(form);
  const [tag, engine, comment] = [form.text('tag'), form.text('engine'), form.text('comment')];
  if (source !== undefined) return { source, tag, engine, comment, headers: readHeaders(form), active: form.flag('active') };
  const orphan = ['tag', 'engine', 'comment', 'headers'].find((name) => form.text(name) !== undefined);
  if (orphan !== undefined) throw badRequest(`'${orphan}' belongs to a version: it needs 'template'`);
  return undefined;
}

async function create(request: ApiRequest<'domain'>, { directory }: Services): Promise<TemplateAnswer> {
  const { account, form } = request;
  const domain = await directory.templates.domain(account, request.params.domain);
  const { template, version } = await directory.templates.create(account, domain.name, {
    name: required(form, 'name'),
    description: form.text('description'),
    createdBy: form.text('createdBy'),
    version: await readVersion(form),
  });
  return { template: presentTemplate(template, version), message: 'template has been stored' };
}

async function list(request: ApiRequest<'domain'>, { directory }: Services): Promise<TemplatePageAnswer> {
  const domain = await directory.templates.domain(request.account, request.params.domain);
  const page = readNamePage(request.form);
  const templates = await directory.templates.list(request.account, domain.name, page);
  const names = templates.map(({ name }) => name);
  // The Go client may ask for the active version of each template in a list, with the parameter that it uses for a single template.
  const isWhole = request.form.flag('active') === true;
  const shown = isWhole ? await Promise.all(names.map((name) => directory.templates.active(request.account, domain.name, name))) : [];
  return {
    items: templates.map((template, index) => presentTemplate(template, shown[index]?.version)),
    paging: presentNamePaging(`${request.baseUrl}/v3/${domain.name}/templates`, page, names),
  };
}

async function removeAll(request: ApiRequest<'domain'>, { directory }: Services): Promise<MessageAnswer> {
  await directory.templates.removeAll(request.account, request.params.domain);
  return { message: 'templates have been deleted' };
}

async function get(request: ApiRequest<'domain' | 'template'>, { directory }: Services): Promise<TemplateAnswer> {
  if (!request.form.flag('active')) return { template: presentTemplate(await directory.templates.get(...namesIn(request))) };
  const { template, version } = await directory.templates.active(...namesIn(request));
  return { template: presentTemplate(template, version) };
}

async function update(request: ApiRequest<'domain' | 'template'>, { directory }: Services): Promise<TemplateChangedAnswer> {
  const names = namesIn(request);
  const { description } = await directory.templates.get(...names);
  const template = await directory.templates.update(...names, request.form.text('description') ?? description);
  return presentTemplateChange('template has been updated', template);
}

async function remove(request: ApiRequest<'domain' | 'template'>, { directory }: Services): Promise<TemplateChangedAnswer> {
  return presentTemplateChange('template has been deleted', await directory.templates.remove(...namesIn(request)));
}

async function listVersions(request: ApiRequest<'domain' | 'template'>, { directory }: Services): Promise<TemplateVersionPageAnswer> {
  const [account, domain, name] = namesIn(request);
  const page = readNamePage(request.form);
  const { template, versions } = await directory.templates.versions(account, domain, name, page);
  const tags = versions.map(({ tag }) => tag);
  const url = `${request.baseUrl}/v3/${encodeURIComponent(domain)}/templates/${encodeURIComponent(template.name)}/versions`;
  return {
    template: { ...presentTemplate(template), versions: versions.map(presentVersion) },
    paging: presentNamePaging(url, page, tags),
  };
}

async function createVersion(request: ApiRequest<'domain' | 'template'>, { directory }: Services): Promise<TemplateAnswer> {
  const names = namesIn(request);
  await directory.templates.get(...names);
  const tag = required(request.form, 'tag');
  const wanted = await readVersion(request.form);
  if (wanted === undefined) throw badRequest("Parameter 'template' is missing");
  const { template, version } = await directory.templates.createVersion(...names, { ...wanted, tag });
  return { template: presentTemplate(template, version), message: 'new version of the template has been stored' };
}

async function getVersion(request: ApiRequest<'domain' | 'template' | 'version'>, { directory }: Services): Promise<TemplateAnswer> {
  const { template, version } = await directory.templates.version(...namesIn(request), request.params.version);
  return { template: presentTemplate(template, version) };
}

async function updateVersion(
  request: ApiRequest<'domain' | 'template' | 'version'>,
  { directory }: Services,
): Promise<TemplateChangedAnswer> {
  const { form } = request;
  const tag = request.params.version;
  await directory.templates.version(...namesIn(request), tag);
  const changes = {
    source: await readSource(form),
    comment: form.text('comment'),
    headers: readHeaders(form),
    active: form.flag('active'),
  };
  const { template, version } = await directory.templates.updateVersion(...namesIn(request), tag, changes);
  return presentTemplateChange('version has been updated', template, version);
}

async function removeVersion(
  request: ApiRequest<'domain' | 'template' | 'version'>,
  { directory }: Services,
): Promise<TemplateChangedAnswer> {
  const { template, version } = await directory.templates.removeVersion(...namesIn(request), request.params.version);
  return presentTemplateChange('version has been deleted', template, version);
}

async function copyVersion(
  request: ApiRequest<'domain' | 'template' | 'version' | 'newversion'>,
  { directory }: Services,
): Promise<VersionCopiedAnswer> {
  const [from, to] = [request.params.version, request.params.newversion];
  const { version } = await directory.templates.copyVersion(...namesIn(request), from, to, request.form.text('comment'));
  const copy = presentVersion(version);
  return { version: copy, template: copy, message: 'version has been copied' };
}

const ALL = '/v3/:domain/templates';
const ONE = `${ALL}/:template` as const;
const VERSION = `${ONE}/versions/:version` as const;

export const templateEndpoints: EndpointDefinition[] = [
  defineEndpoint(`GET ${ALL}`, 'read', 'Get templates', list),
  defineEndpoint(`POST ${ALL}`, 'write', 'Create a template', create),
  defineEndpoint(`DELETE ${ALL}`, 'write', 'Delete all templates', removeAll),
  defineEndpoint(`GET ${ONE}`, 'read', 'Get template', get),
  defineEndpoint(`PUT ${ONE}`, 'write', 'Update template', update),
  defineEndpoint(`DELETE ${ONE}`, 'write', 'Delete a template', remove),
  defineEndpoint(`GET ${ONE}/versions`, 'read', 'Get all template versions', listVersions),
  defineEndpoint(`POST ${ONE}/versions`, 'write', 'Create a template version', createVersion),
  defineEndpoint(`GET ${VERSION}`, 'read', 'Get a version', getVersion),
  defineEndpoint(`PUT ${VERSION}`, 'write', 'Update a version', updateVersion),
  defineEndpoint(`DELETE ${VERSION}`, 'write', 'Delete a version', removeVersion),
  defineEndpoint(`PUT ${VERSION}/copy/:newversion`, 'write', 'Copy a version', copyVersion),
];
