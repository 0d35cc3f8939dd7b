/**
 * Templates of domains and their versions. Each method is one atomic unit and names the account; another account's ids match nothing. Template names
 * arrive in lower case. Tags are compared without regard to the case of ASCII letters.
 */
export interface TemplateRecord {
  id: number;
  account: number;
  /** Id of the domain. */
  domain: number;
  publicId: string;
  name: string;
  description: string;
  /** The client's own text about who made the template. */
  createdBy: string;
  createdAt: number;
}

export interface TemplateVersionRecord {
  id: number;
  account: number;
  /** Id of the template. */
  template: number;
  publicId: string;
  tag: string;
  engine: string;
  /** Handlebars. */
  source: string;
  /** Header fields that the template sets, by name. Their texts are Handlebars, too. */
  headers: Record<string, string>;
  comment: string;
  /** At most one version of a template is active. */
  active: boolean;
  createdAt: number;
}

export type TemplateVersionSummary = Omit<TemplateVersionRecord, 'source'>;
export type TemplateVersionChanges = Partial<Pick<TemplateVersionRecord, 'source' | 'headers' | 'comment' | 'active'>>;

/** A part of a list in the order of its names. */
export interface NamePage {
  limit: number;
  /** Only names after this one. */
  after?: string;
  /** Only names before this one, those nearest to it. */
  before?: string;
  /** The last page of the list. */
  last?: boolean;
}

export interface TemplateStore {
  /**
   * Creates a template with its first version, which becomes active. Undefined if the domain already has `limit` templates. Throws StoreError
   * `conflict` if the domain has a template of this name.
   */
  createTemplate(
    template: Omit<TemplateRecord, 'id'>,
    version: Omit<TemplateVersionRecord, 'id' | 'template'> | undefined,
    limit: number,
  ): Promise<TemplateRecord | undefined>;
  template(account: number, domain: number, name: string): Promise<TemplateRecord | undefined>;
  listTemplates(account: number, domain: number, page: NamePage): Promise<TemplateRecord[]>;
  updateTemplate(account: number, id: number, description: string): Promise<boolean>;
  /** Deletes the template with its versions. */
  deleteTemplate(account: number, id: number): Promise<boolean>;
  /** Deletes all templates of a domain, with their versions. Gives how many. */
  deleteTemplates(account: number, domain: number): Promise<number>;

  /** The version with this tag, or the active version if no tag is given. */
  templateVersion(account: number, template: number, tag?: string): Promise<TemplateVersionRecord | undefined>;
  listTemplateVersions(account: number, template: number, page: NamePage): Promise<TemplateVersionSummary[]>;
  /**
   * Undefined if the template already has `limit` versions. The first version of a template becomes active. A later one becomes active only if it
   * says so, and then replaces the active version. Throws StoreError `conflict` if there is a version with this tag.
   */
  createTemplateVersion(version: Omit<TemplateVersionRecord, 'id'>, limit: number): Promise<TemplateVersionRecord | undefined>;
  /** Does what `createTemplateVersion` does, but overwrites a version with this tag, which then stays active or inactive. */
  putTemplateVersion(version: Omit<TemplateVersionRecord, 'id'>, limit: number): Promise<TemplateVersionRecord | undefined>;
  /** Fields that are not named stay as they are. */
  updateTemplateVersion(account: number, template: number, tag: string, changes: TemplateVersionChanges): Promise<boolean>;
  deleteTemplateVersion(account: number, template: number, tag: string): Promise<boolean>;
}
