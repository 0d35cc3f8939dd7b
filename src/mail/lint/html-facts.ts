/** The images and links of HTML, counted without building a tree. */
import { type HtmlHandler, readHtml } from '../read/read-html.js';

export interface HtmlFacts {
  /** Pictures without an alternative text. Screen readers, and programs that block images, cannot show what is in them. */
  imagesWithoutAlt: number;
  images: number;
  /** Characters of the longest `href`. */
  longestLink: number;
  /** `http:` links. */
  insecureLinks: number;
  /** Links whose text names another host than the one they lead to. */
  misleadingLinks: string[];
  /** False if the HTML has more tags, or deeper nesting, than we read (`HTML_LIMITS`). */
  isReadWhole: boolean;
}

const MAX_TOLD = 5;

/** Only so many characters of a link's text are looked at. */
const MAX_SHOWN = 200;

export function htmlFactsOf(sources: readonly string[]): HtmlFacts {
  const facts: HtmlFacts = { imagesWithoutAlt: 0, images: 0, longestLink: 0, insecureLinks: 0, misleadingLinks: [], isReadWhole: true };
  let href: string | undefined;
  let text = '';
  const handler: HtmlHandler = {
    open(name, attributes) {
      if (name === 'img') countImage(facts, attributes);
      if (name !== 'a' && name !== 'area') return;
      href = attributes.href?.trim();
      text = '';
      if (href === undefined) return;
      facts.longestLink = Math.max(facts.longestLink, href.length);
      if (/^http:/i.test(href)) facts.insecureLinks++;
    },
    text(data) {
      if (href !== undefined && text.length < MAX_SHOWN) text += data.slice(0, MAX_SHOWN);
    },
    close(name) {
      if (name !== 'a' || href === undefined) return;
      const shown = hostShown(text);
      const real = hostOf(href);
      const isSame =
        shown === undefined || real === undefined || real === shown || real.endsWith(`.${shown}`) || shown.endsWith(`.${real}`);
      if (!isSame && facts.misleadingLinks.length < MAX_TOLD) facts.misleadingLinks.push(`${shown} leads to ${real}`);
      href = undefined;
    },
  };
  for (const source of sources) if (readHtml(source, handler) < source.length) facts.isReadWhole = false;
  return facts;
}

/** Counts the picture if it has no `alt`. An empty `alt` is right for decoration, and a picture of one pixel shows nothing. */
function countImage(facts: HtmlFacts, { alt, width, height }: Readonly<Record<string, string>>): void {
  facts.images++;
  const isPixel = /^[01](?:px)?$/.test(width ?? '') && /^[01](?:px)?$/.test(height ?? '');
  if (alt === undefined && !isPixel) facts.imagesWithoutAlt++;
}

function hostOf(href: string): string | undefined {
  try {
    const { protocol, hostname } = new URL(href);
    return protocol === 'http:' || protocol === 'https:' ? hostname.replace(/^www\./, '') : undefined;
  } catch {
    return undefined;
  }
}

/** The host, if the text is itself a web address. Other text does not promise any host. */
function hostShown(text: string): string | undefined {
  const address = /^\s*((?:https?:\/\/)?(?:[a-z0-9-]+\.)+[a-z]{2,24})(?:[/?#:]\S*)?\s*$/i.exec(text)?.[1];
  if (address === undefined) return undefined;
  return hostOf(/^https?:/i.test(address) ? address : `https://${address}`);
}
