import type { Slot } from './series-registry.ts';

/** A line without its value as it stood on a page, bytes as Latin-1, and the series that it means; none for a comment. */
export interface KnownLine {
  readonly raw: string;
  readonly slot: Slot | undefined;
}

/** One reference a line: 8 MB at most. */
const MAX_LINES = 1_000_000;
const MAX_PAGES = 256;

/**
 * The lines of earlier pages in order, found again by the first series of the page, as a source may bring many pages
 * in turn (one a host, say). Bounded; the page that was not seen for longest goes first.
 */
export class PageMemories {
  readonly #pages = new Map<KnownLine, KnownLine[]>();

  /** The lines of the page that began with this line; `lines` become those when there are none yet. */
  recall(first: KnownLine, lines: KnownLine[]): KnownLine[] {
    const known = this.#pages.get(first) ?? lines;
    this.#pages.delete(first);
    this.#pages.set(first, known);
    return known;
  }

  /** To be called when a page has been read. */
  trim(): void {
    let lines = 0;
    for (const page of this.#pages.values()) lines += page.length;
    for (const [first, page] of this.#pages) {
      if (lines <= MAX_LINES && this.#pages.size <= MAX_PAGES) return;
      lines -= page.length;
      this.#pages.delete(first);
    }
  }

  clear(): void {
    this.#pages.clear();
  }
}
