/** Templates in memory, as the store keeps them. */
import { StoreError } from '#core';
import type { NamePage, TemplateRecord, TemplateStore, TemplateVersionRecord } from '#store';

export function makeMemoryTemplateStore(): TemplateStore {
  let templates: TemplateRecord[] = [];
  let versions: TemplateVersionRecord[] = [];
  let nextId = 1;

  const versionsOf = (account: number, template: number) =>
    versions.filter((version) => version.account === account && version.template === template);
  const versionOf = (account: number, template: number, tag: string) =>
    versionsOf(account, template).find((version) => version.tag.toLowerCase() === tag.toLowerCase());

  const createTemplateVersion: TemplateStore['createTemplateVersion'] = async (version, limit) => {
    const all = versionsOf(version.account, version.template);
    if (versionOf(version.account, version.template, version.tag)) throw new StoreError('conflict', 'taken');
    if (all.length >= limit) return undefined;
    const active = version.active || all.length === 0;
    if (active) for (const other of all) other.active = false;
    const record = { ...version, active, id: nextId++ };
    versions.push(record);
    return { ...record };
  };

  return {
    createTemplateVersion,
    async createTemplate(template, version, limit) {
      const all = templates.filter(({ domain }) => domain === template.domain);
      if (all.length >= limit) return undefined;
      if (all.some(({ name }) => name === template.name)) throw new StoreError('conflict', 'taken');
      const record = { ...template, id: nextId++ };
      templates.push(record);
      if (version) await createTemplateVersion({ ...version, template: record.id }, 1);
      return { ...record };
    },
    template: async (account, domain, name) =>
      templates.find((template) => template.account === account && template.domain === domain && template.name === name),
    listTemplates: async (account, domain, page) =>
      pageOf(
        templates.filter((template) => template.account === account && template.domain === domain),
        page,
        ({ name }) => name,
      ),
    async updateTemplate(account, id, description) {
      const template = templates.find((candidate) => candidate.account === account && candidate.id === id);
      if (template) template.description = description;
      return template !== undefined;
    },
    async deleteTemplate(account, id) {
      const kept = templates.filter((template) => template.account !== account || template.id !== id);
      const found = kept.length < templates.length;
      templates = kept;
      versions = versions.filter((version) => version.account !== account || version.template !== id);
      return found;
    },
    async deleteTemplates(account, domain) {
      const kept = templates.filter((template) => template.account !== account || template.domain !== domain);
      const count = templates.length - kept.length;
      templates = kept;
      return count;
    },
    templateVersion: async (account, template, tag) =>
      tag === undefined ? versionsOf(account, template).find(({ active }) => active) : versionOf(account, template, tag),
    listTemplateVersions: async (account, template, page) =>
      pageOf(versionsOf(account, template), page, ({ tag }) => tag).map(({ source: _source, ...summary }) => summary),
    async putTemplateVersion(version, limit) {
      const found = versionOf(version.account, version.template, version.tag);
      if (found === undefined) return createTemplateVersion(version, limit);
      Object.assign(found, { ...version, active: found.active });
      return { ...found };
    },
    async updateTemplateVersion(account, template, tag, changes) {
      const found = versionOf(account, template, tag);
      if (found === undefined) return false;
      if (changes.active) for (const other of versionsOf(account, template)) other.active = false;
      Object.assign(found, changes);
      return true;
    },
    async deleteTemplateVersion(account, template, tag) {
      const found = versionOf(account, template, tag);
      versions = versions.filter((version) => version !== found);
      return found !== undefined;
    },
  };
}

function pageOf<T>(items: T[], page: NamePage, nameOf: (item: T) => string): T[] {
  const sorted = items.toSorted((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1));
  if (page.last) return sorted.slice(-page.limit);
  const { after, before } = page;
  if (before !== undefined) return sorted.filter((item) => nameOf(item) < before).slice(-page.limit);
  return sorted.filter((item) => nameOf(item) > (after ?? '')).slice(0, page.limit);
}
