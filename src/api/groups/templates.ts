/** Templates of a domain and their versions. */
import { badRequest, JsonProblem, parseJson } from '#core';
import type { NewTemplateVersion } from '#directory';
import type { Form } from '#http';
import type { MessageAnswer } from '../contract/domain-answers.js';
import type {
  TemplateAnswer,
  TemplateChangedAnswer,
  TemplatePageAnswer,
  TemplateVersionPageAnswer,
  VersionCopiedAnswer,
} from '../contract/template-answers.js';
import { type Call, defineEndpoint, type Endpoint, pathParameter, type Services } from '../define-endpoint.js';
import { presentNamePaging, readNamePage } from '../present/name-page.js';
import { presentChange, presentTemplate, presentVersion } from '../present/template.js';

/** Bytes of a template that comes as a file; more characters than one may have. */
const MAX_FILE = 1024 * 1024;

const namesIn = (call: Call): [account: number, domain: string, template: string] => [
  call.account,
  pathParameter(call, 'domain'),
  pathParameter(call, 'template'),
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
    // Told below like JSON of another kind.
    if (!(error instanceof JsonProblem)) throw error;
  }
  throw badRequest("'headers' parameter is not a valid JSON object");
}

/** What a version is made of; undefined when no source is given, which is fine for a template of its own. */
async function readVersion(form: Form): Promise<NewTemplateVersion | undefined> {
  const source = await readSource(form);
  const [tag, engine, comment] = [form.text('tag'), form.text('engine'), form.text('comment')];
  if (source !== undefined) return { source, tag, engine, comment, headers: readHeaders(form), active: form.flag('active') };
  const orphan = ['tag', 'engine', 'comment', 'headers'].find((name) => form.text(name) !== undefined);
  if (orphan !== undefined) throw badRequest(`'${orphan}' belongs to a version: it needs 'template'`);
  return undefined;
}

async function create(call: Call, { directory }: Services): Promise<TemplateAnswer> {
  const { account, form } = call;
  const domain = await directory.templates.domain(account, pathParameter(call, 'domain'));
  const { template, version } = await directory.templates.create(account, domain.name, {
    name: required(form, 'name'),
    description: form.text('description'),
    createdBy: form.text('createdBy'),
    version: await readVersion(form),
  });
  return { template: presentTemplate(template, version), message: 'template has been stored' };
}

async function list(call: Call, { directory }: Services): Promise<TemplatePageAnswer> {
  const domain = await directory.templates.domain(call.account, pathParameter(call, 'domain'));
  const page = readNamePage(call.form);
  const templates = await directory.templates.list(call.account, domain.name, page);
  const names = templates.map(({ name }) => name);
  // The Go client asks a list for active versions as it asks a template for its own.
  const isWhole = call.form.flag('active') === true;
  const shown = isWhole ? await Promise.all(names.map((name) => directory.templates.active(call.account, domain.name, name))) : [];
  return {
    items: templates.map((template, index) => presentTemplate(template, shown[index]?.version)),
    paging: presentNamePaging(`${call.baseUrl}/v3/${domain.name}/templates`, page, names),
  };
}

async function removeAll(call: Call, { directory }: Services): Promise<MessageAnswer> {
  await directory.templates.removeAll(call.account, pathParameter(call, 'domain'));
  return { message: 'templates have been deleted' };
}

async function get(call: Call, { directory }: Services): Promise<TemplateAnswer> {
  if (!call.form.flag('active')) return { template: presentTemplate(await directory.templates.get(...namesIn(call))) };
  const { template, version } = await directory.templates.active(...namesIn(call));
  return { template: presentTemplate(template, version) };
}

async function update(call: Call, { directory }: Services): Promise<TemplateChangedAnswer> {
  const names = namesIn(call);
  const { description } = await directory.templates.get(...names);
  const template = await directory.templates.update(...names, call.form.text('description') ?? description);
  return presentChange('template has been updated', template);
}

async function remove(call: Call, { directory }: Services): Promise<TemplateChangedAnswer> {
  return presentChange('template has been deleted', await directory.templates.remove(...namesIn(call)));
}

async function listVersions(call: Call, { directory }: Services): Promise<TemplateVersionPageAnswer> {
  const [account, domain, name] = namesIn(call);
  const page = readNamePage(call.form);
  const { template, versions } = await directory.templates.versions(account, domain, name, page);
  const tags = versions.map(({ tag }) => tag);
  const url = `${call.baseUrl}/v3/${encodeURIComponent(domain)}/templates/${encodeURIComponent(template.name)}/versions`;
  return {
    template: { ...presentTemplate(template), versions: versions.map(presentVersion) },
    paging: presentNamePaging(url, page, tags),
  };
}

async function createVersion(call: Call, { directory }: Services): Promise<TemplateAnswer> {
  const names = namesIn(call);
  await directory.templates.get(...names);
  const tag = required(call.form, 'tag');
  const wanted = await readVersion(call.form);
  if (wanted === undefined) throw badRequest("Parameter 'template' is missing");
  const { template, version } = await directory.templates.createVersion(...names, { ...wanted, tag });
  return { template: presentTemplate(template, version), message: 'new version of the template has been stored' };
}

async function getVersion(call: Call, { directory }: Services): Promise<TemplateAnswer> {
  const { template, version } = await directory.templates.version(...namesIn(call), pathParameter(call, 'version'));
  return { template: presentTemplate(template, version) };
}

async function updateVersion(call: Call, { directory }: Services): Promise<TemplateChangedAnswer> {
  const { form } = call;
  const tag = pathParameter(call, 'version');
  await directory.templates.version(...namesIn(call), tag);
  const changes = {
    source: await readSource(form),
    comment: form.text('comment'),
    headers: readHeaders(form),
    active: form.flag('active'),
  };
  const { template, version } = await directory.templates.updateVersion(...namesIn(call), tag, changes);
  return presentChange('version has been updated', template, version);
}

async function removeVersion(call: Call, { directory }: Services): Promise<TemplateChangedAnswer> {
  const { template, version } = await directory.templates.removeVersion(...namesIn(call), pathParameter(call, 'version'));
  return presentChange('version has been deleted', template, version);
}

async function copyVersion(call: Call, { directory }: Services): Promise<VersionCopiedAnswer> {
  const [from, to] = [pathParameter(call, 'version'), pathParameter(call, 'newversion')];
  const { version } = await directory.templates.copyVersion(...namesIn(call), from, to, call.form.text('comment'));
  const copy = presentVersion(version);
  return { version: copy, template: copy, message: 'version has been copied' };
}

const ALL = '/v3/:domain/templates';
const ONE = `${ALL}/:template` as const;
const VERSION = `${ONE}/versions/:version` as const;

export const templateEndpoints: Endpoint[] = [
  defineEndpoint(`GET ${ALL}`, 'Templates', 'read', 'Get templates', list),
  defineEndpoint(`POST ${ALL}`, 'Templates', 'write', 'Create a template', create),
  defineEndpoint(`DELETE ${ALL}`, 'Templates', 'write', 'Delete all templates', removeAll),
  defineEndpoint(`GET ${ONE}`, 'Templates', 'read', 'Get template', get),
  defineEndpoint(`PUT ${ONE}`, 'Templates', 'write', 'Update template', update),
  defineEndpoint(`DELETE ${ONE}`, 'Templates', 'write', 'Delete a template', remove),
  defineEndpoint(`GET ${ONE}/versions`, 'Templates', 'read', 'Get all template versions', listVersions),
  defineEndpoint(`POST ${ONE}/versions`, 'Templates', 'write', 'Create a template version', createVersion),
  defineEndpoint(`GET ${VERSION}`, 'Templates', 'read', 'Get a version', getVersion),
  defineEndpoint(`PUT ${VERSION}`, 'Templates', 'write', 'Update a version', updateVersion),
  defineEndpoint(`DELETE ${VERSION}`, 'Templates', 'write', 'Delete a version', removeVersion),
  defineEndpoint(`PUT ${VERSION}/copy/:newversion`, 'Templates', 'write', 'Copy a version', copyVersion),
];
