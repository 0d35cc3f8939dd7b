/**
 * Templates of domains and their versions. Each method is one atomic unit and names the account; another account's ids match nothing.
 * Template names arrive normalised (lower case); tags are found whatever the case of their ASCII letters.
 */
export interface TemplateRecord {
  id: number;
  account: number;
  /** Id of the domain. */
  domain: number;
  publicId: string;
  name: string;
  description: string;
  /** Whatever the client said of who made it. */
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
  /** Header fields that it brings along, by name; their texts are Handlebars too. */
  headers: Record<string, string>;
  comment: string;
  /** At most one version of a template is. */
  active: boolean;
  createdAt: number;
}

export type TemplateVersionSummary = Omit<TemplateVersionRecord, 'source'>;
export type TemplateVersionChanges = Partial<Pick<TemplateVersionRecord, 'source' | 'headers' | 'comment' | 'active'>>;

/** A part of a list in the order of its names. */
export interface NamePage {
  limit: number;
  /** Only what comes after this name. */
  after?: string;
  /** Only what comes before this name, the nearest ones. */
  before?: string;
  /** The end of the list. */
  last?: boolean;
}

export interface TemplateStore {
  /**
   * With its first version, which becomes active; undefined when the domain has `limit` templates already. Throws StoreError `conflict` when it
   * has one of this name.
   */
  createTemplate(
    template: Omit<TemplateRecord, 'id'>,
    version: Omit<TemplateVersionRecord, 'id' | 'template'> | undefined,
    limit: number,
  ): Promise<TemplateRecord | undefined>;
  template(account: number, domain: number, name: string): Promise<TemplateRecord | undefined>;
  listTemplates(account: number, domain: number, page: NamePage): Promise<TemplateRecord[]>;
  updateTemplate(account: number, id: number, description: string): Promise<boolean>;
  /** With its versions. */
  deleteTemplate(account: number, id: number): Promise<boolean>;
  /** All of a domain, with their versions; how many. */
  deleteTemplates(account: number, domain: number): Promise<number>;

  /** The active version when no tag is given. */
  templateVersion(account: number, template: number, tag?: string): Promise<TemplateVersionRecord | undefined>;
  listTemplateVersions(account: number, template: number, page: NamePage): Promise<TemplateVersionSummary[]>;
  /**
   * Undefined when the template has `limit` versions already. The first version of a template becomes active; when another one does, it takes the
   * place of the one that was. Throws StoreError `conflict` when there is one of this tag.
   */
  createTemplateVersion(version: Omit<TemplateVersionRecord, 'id'>, limit: number): Promise<TemplateVersionRecord | undefined>;
  /** As create does, but a version of this tag is overwritten and stays active or not. */
  putTemplateVersion(version: Omit<TemplateVersionRecord, 'id'>, limit: number): Promise<TemplateVersionRecord | undefined>;
  /** What is not named stays. */
  updateTemplateVersion(account: number, template: number, tag: string, changes: TemplateVersionChanges): Promise<boolean>;
  deleteTemplateVersion(account: number, template: number, tag: string): Promise<boolean>;
}
