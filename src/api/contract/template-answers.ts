/** JSON of templates. */

export interface TemplateVersionJson {
  tag: string;
  /** Absent in lists. */
  template?: string;
  engine: string;
  mjml: string;
  createdAt: string;
  comment: string;
  active: boolean;
  id: string;
  headers: Record<string, string>;
}

export interface TemplateJson {
  name: string;
  description: string;
  createdAt: string;
  createdBy: string;
  id: string;
  version?: TemplateVersionJson;
  versions?: TemplateVersionJson[];
}

/** Absolute URLs. */
export interface NamePagingJson {
  first: string;
  last: string;
  next: string;
  previous: string;
}

export interface TemplateAnswer {
  template: TemplateJson;
  message?: string;
}

export interface TemplatePageAnswer {
  items: TemplateJson[];
  paging: NamePagingJson;
}

export interface TemplateVersionPageAnswer {
  template: TemplateJson;
  paging: NamePagingJson;
}

export interface TemplateChangedAnswer {
  template: { name: string; version?: { tag: string } };
  message: string;
}

export interface VersionCopiedAnswer {
  version: TemplateVersionJson;
  /** The version once more, under its old name. */
  template: TemplateVersionJson;
  message: string;
}
