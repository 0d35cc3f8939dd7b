/** What a page in Markdown names: files of the repository, links, and the anchors of its headings. */

export interface PageLink {
  /** As it is written; `''`: this page. */
  path: string;
  anchor: string | undefined;
}

const withoutBlocks = (page: string): string => page.replaceAll(/^[ \t]*```[\s\S]*?^[ \t]*```$/gm, '');

/** Files and folders below `src/`, `test/`, `config/`, `docs/` and the like; patterns with a star are none. */
export function pathsOf(page: string): string[] {
  const found = [...page.matchAll(/`((?:src|test|config|docs|systemd|bin)\/[^`\s]*)`/g)].map(([, path = '']) => path);
  return found.filter((path) => !/[*{…]/.test(path));
}

/** Links that do not leave the repository. */
export function linksOf(page: string): PageLink[] {
  return [...withoutBlocks(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#', 2);
      return { path, anchor };
    });
}

/** As GitHub makes them of headings. */
export function anchorsOf(page: string): string[] {
  return [...withoutBlocks(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
