/** Templates and their versions in directory.db. Each statement names the account, so another account's id matches no row. */

import { boundedBy } from '../../../retention.js';
import type { NamePage, TemplateRecord, TemplateStore, TemplateVersionRecord, TemplateVersionSummary } from '../../../template-store.js';
import type { Answers, Noun } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';
import type { DirectoryMemory } from './memory.js';

interface SummaryRow extends Omit<TemplateVersionSummary, 'active' | 'headers'> {
  active: number;
  headers: string;
}
type VersionRow = SummaryRow & Pick<TemplateVersionRecord, 'source'>;

const TEMPLATE_COLUMNS = 'id, account, domain, public_id AS publicId, name, description, created_by AS createdBy, created_at AS createdAt';
const SUMMARY_COLUMNS = 'id, account, template, public_id AS publicId, tag, engine, headers, comment, active, created_at AS createdAt';

const SELECT_TEMPLATES = `SELECT ${TEMPLATE_COLUMNS} FROM template WHERE account = @account AND domain = @domain`;
const SELECT_SUMMARIES = `SELECT ${SUMMARY_COLUMNS} FROM template_version WHERE account = @account AND template = @template`;

export const TEMPLATE_SQL = {
  template: `${SELECT_TEMPLATES} AND name = @name`,
  templatesAfter: `${SELECT_TEMPLATES} AND name > @from ORDER BY name LIMIT @limit`,
  templatesBefore: `${SELECT_TEMPLATES} AND (@from IS NULL OR name < @from) ORDER BY name DESC LIMIT @limit`,
  version: `SELECT ${SUMMARY_COLUMNS}, source FROM template_version WHERE account = @account AND template = @template AND tag = @tag`,
  activeVersion: `SELECT ${SUMMARY_COLUMNS}, source FROM template_version WHERE account = @account AND template = @template AND active = 1`,
  versionsAfter: `${SELECT_SUMMARIES} AND tag > @from ORDER BY tag LIMIT @limit`,
  versionsBefore: `${SELECT_SUMMARIES} AND (@from IS NULL OR tag < @from) ORDER BY tag DESC LIMIT @limit`,
  deleteVersionsOfDomain: `DELETE FROM template_version WHERE account = @account
    AND template IN (SELECT id FROM template WHERE account = @account AND domain = @domain)`,
  deleteOfDomain: 'DELETE FROM template WHERE account = @account AND domain = @domain',
} as const;

const toSummary = <T extends SummaryRow>(row: T) => ({
  ...row,
  active: row.active === 1,
  headers: JSON.parse(row.headers) as Record<string, string>,
});

/** Point look-ups, for the writer thread. */
function makeTemplateLookups(database: Connection): Answers<TemplateStore, 'template' | 'templateVersion'> {
  const template = database.prepare<object, TemplateRecord>(TEMPLATE_SQL.template);
  const version = database.prepare<object, VersionRow>(TEMPLATE_SQL.version);
  const activeVersion = database.prepare<object, VersionRow>(TEMPLATE_SQL.activeVersion);
  return {
    template: (account, domain, name) => template.get({ account, domain, name }),
    templateVersion(account, id, tag) {
      const row = tag === undefined ? activeVersion.get({ account, template: id }) : version.get({ account, template: id, tag });
      return row && toSummary(row);
    },
  };
}

/** Pages, for the reader thread. */
function makeTemplateLists(database: Connection): Answers<TemplateStore, 'listTemplates' | 'listTemplateVersions'> {
  const templatesAfter = database.prepare<object, TemplateRecord>(TEMPLATE_SQL.templatesAfter);
  const templatesBefore = database.prepare<object, TemplateRecord>(TEMPLATE_SQL.templatesBefore);
  const versionsAfter = database.prepare<object, SummaryRow>(TEMPLATE_SQL.versionsAfter);
  const versionsBefore = database.prepare<object, SummaryRow>(TEMPLATE_SQL.versionsBefore);
  const isBackward = (page: NamePage) => page.last === true || page.before !== undefined;
  return {
    listTemplates(account, domain, page) {
      const where = { account, domain, limit: page.limit };
      if (isBackward(page)) return templatesBefore.all({ ...where, from: page.before ?? null }).reverse();
      return templatesAfter.all({ ...where, from: page.after ?? '' });
    },
    listTemplateVersions(account, template, page) {
      const where = { account, template, limit: page.limit };
      const rows = isBackward(page)
        ? versionsBefore.all({ ...where, from: page.before ?? null }).reverse()
        : versionsAfter.all({ ...where, from: page.after ?? '' });
      return rows.map(toSummary);
    },
  };
}

type VersionWrites = Answers<
  TemplateStore,
  'createTemplateVersion' | 'putTemplateVersion' | 'updateTemplateVersion' | 'deleteTemplateVersion'
>;
type TemplateWrites = Answers<TemplateStore, 'createTemplate' | 'updateTemplate' | 'deleteTemplate' | 'deleteTemplates'> & VersionWrites;

export function makeTemplateWrites(database: Connection, memory: DirectoryMemory): TemplateWrites {
  const { note } = memory;
  const versions = makeVersionWrites(database, memory);
  const count = database.prepare<object, { total: number }>(
    'SELECT count(*) AS total FROM template WHERE account = @account AND domain = @domain',
  );
  const insert = database.prepare(
    `INSERT INTO template (account, domain, public_id, name, description, created_by, created_at)
     VALUES (@account, @domain, @publicId, @name, @description, @createdBy, @createdAt)`,
  );
  const describe = database.prepare<[string, number, number]>('UPDATE template SET description = ? WHERE account = ? AND id = ?');
  const deleteVersions = database.prepare<[number, number]>('DELETE FROM template_version WHERE account = ? AND template = ?');
  const deleteOne = database.prepare<[number, number]>('DELETE FROM template WHERE account = ? AND id = ?');
  const deleteVersionsOfDomain = database.prepare(TEMPLATE_SQL.deleteVersionsOfDomain);
  const deleteOfDomain = database.prepare(TEMPLATE_SQL.deleteOfDomain);

  return {
    ...versions,
    createTemplate(template, version, limit) {
      if ((count.get({ account: template.account, domain: template.domain })?.total ?? 0) >= limit) return undefined;
      const id = Number(insert.run(template).lastInsertRowid);
      if (version !== undefined) versions.createTemplateVersion({ ...version, template: id }, 1);
      note('template', id);
      return { ...template, id };
    },
    updateTemplate(account, id, description) {
      if (describe.run(description, account, id).changes === 0) return false;
      note('template', id);
      return true;
    },
    deleteTemplate(account, id) {
      deleteVersions.run(account, id);
      if (deleteOne.run(account, id).changes === 0) return false;
      note('template', id);
      return true;
    },
    deleteTemplates(account, domain) {
      deleteVersionsOfDomain.run({ account, domain });
      const { changes } = deleteOfDomain.run({ account, domain });
      if (changes > 0) note('template');
      return changes;
    },
  };
}

function makeVersionWrites(database: Connection, { note }: DirectoryMemory): VersionWrites {
  const count = database.prepare<[number, number], { total: number }>(
    'SELECT count(*) AS total FROM template_version WHERE account = ? AND template = ?',
  );
  const insert = database.prepare(
    `INSERT INTO template_version (account, template, public_id, tag, engine, source, headers, comment, active, created_at)
     VALUES (@account, @template, @publicId, @tag, @engine, @source, @headers, @comment, @active, @createdAt)`,
  );
  const overwrite = database.prepare<object, { id: number; active: number }>(
    `UPDATE template_version SET public_id = @publicId, tag = @tag, engine = @engine, source = @source, headers = @headers,
       comment = @comment, created_at = @createdAt WHERE account = @account AND template = @template AND tag = @tag RETURNING id, active`,
  );
  const change = database.prepare(
    `UPDATE template_version SET source = coalesce(@source, source), headers = coalesce(@headers, headers),
       comment = coalesce(@comment, comment), active = coalesce(@active, active)
     WHERE account = @account AND template = @template AND tag = @tag`,
  );
  const deactivate = database.prepare<[number, number, string]>(
    'UPDATE template_version SET active = 0 WHERE account = ? AND template = ? AND active = 1 AND tag <> ?',
  );
  const exists = database.prepare<[number, number, string], { id: number }>(
    'SELECT id FROM template_version WHERE account = ? AND template = ? AND tag = ?',
  );
  const deleteOne = database.prepare<[number, number, string]>(
    'DELETE FROM template_version WHERE account = ? AND template = ? AND tag = ?',
  );

  const createTemplateVersion: VersionWrites['createTemplateVersion'] = (version, limit) => {
    const { account, template, tag } = version;
    const total = count.get(account, template)?.total ?? 0;
    if (total >= limit && !exists.get(account, template, tag)) return undefined;
    const active = version.active || total === 0;
    if (active) deactivate.run(account, template, tag);
    const row = { ...version, headers: JSON.stringify(version.headers), active: Number(active) };
    const id = Number(insert.run(row).lastInsertRowid);
    note('template', template);
    return { ...version, active, id };
  };

  return {
    createTemplateVersion,
    putTemplateVersion(version, limit) {
      const { active: _active, ...row } = version;
      const overwritten = overwrite.get({ ...row, headers: JSON.stringify(version.headers) });
      if (overwritten === undefined) return createTemplateVersion(version, limit);
      note('template', version.template);
      return { ...version, id: overwritten.id, active: overwritten.active === 1 };
    },
    updateTemplateVersion(account, template, tag, changes) {
      if (!exists.get(account, template, tag)) return false;
      if (changes.active) deactivate.run(account, template, tag);
      const { source = null, comment = null } = changes;
      const headers = changes.headers === undefined ? null : JSON.stringify(changes.headers);
      const active = changes.active === undefined ? null : Number(changes.active);
      change.run({ account, template, tag, source, comment, headers, active });
      note('template', template);
      return true;
    },
    deleteTemplateVersion(account, template, tag) {
      if (deleteOne.run(account, template, tag).changes === 0) return false;
      note('template', template);
      return true;
    },
  };
}

export const templateRows = {
  tables: {
    template: boundedBy('a hundred for each domain; deleted with it'),
    template_version: boundedBy('forty for each template; deleted with it'),
  },
  lookups: makeTemplateLookups,
  writes: makeTemplateWrites,
  lists: makeTemplateLists,
} satisfies Noun<DirectoryMemory>;
