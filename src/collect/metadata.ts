import type { MetricType } from '../model/series.ts';

const TYPES: ReadonlyMap<string, MetricType> = new Map([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['gaugehistogram', 'gauge'],
  ['summary', 'summary'],
  ['stateset', 'stateset'],
  ['info', 'info'],
  ['unknown', 'unknown'],
  ['untyped', 'unknown'],
]);

/** `# TYPE name type` and `# UNIT name unit`; names may be quoted (Prometheus 3). HELP is for people and is skipped. */
const DECLARATION = /^#[ \t]+(TYPE|UNIT)(?:[ \t]+("(?:\\.|[^"\\])*"|[^\s"{}]+))?(?:[ \t]+(\S+))?[ \t]*$/;

const KEYWORD = /^#[ \t]+(TYPE|UNIT)(?:[ \t]|$)/;

/** Endings of the series of one family, and which types have them. */
const ENDINGS: readonly (readonly [string, readonly MetricType[]])[] = [
  ['_bucket', ['histogram', 'gauge']],
  ['_count', ['histogram', 'summary']],
  ['_sum', ['histogram', 'summary']],
  ['_gcount', ['gauge']],
  ['_gsum', ['gauge']],
  ['_total', ['counter']],
  ['_info', ['info']],
  ['_created', ['counter', 'histogram', 'summary']],
];

interface Family {
  readonly type: MetricType | undefined;
  readonly unit: string | undefined;
}

const UNDECLARED: Family = { type: undefined, unit: undefined };

interface Declaration extends Family {
  readonly name: string;
}

function parseDeclaration(line: string): Declaration | undefined {
  const [, keyword, quoted, word] = DECLARATION.exec(line) ?? [];
  if (quoted === undefined) return undefined;
  const name = quoted.startsWith('"') ? quoted.slice(1, -1).replace(/\\(["\\])/g, '$1') : quoted;
  if (keyword === 'UNIT') return { name, type: undefined, unit: word };
  const type = TYPES.get(word ?? '');
  return type === undefined ? undefined : { name, type, unit: undefined };
}

/** What a source's metadata lines declare, remembered from page to page. */
export class Metadata {
  readonly #families = new Map<string, Family>();
  /** Names that were asked for before anything was declared. */
  readonly #undeclared = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Takes a comment line. `changed` when series that exist have another type now; `fault` when it is a declaration
   * that makes no sense.
   */
  declare(line: string): 'changed' | 'same' | 'fault' {
    if (!KEYWORD.test(line)) return 'same';
    const declared = parseDeclaration(line);
    if (declared === undefined) return 'fault';
    const { name } = declared;
    const before = this.#families.get(name) ?? UNDECLARED;
    if (before === UNDECLARED && this.#families.size >= this.#limit) return 'same';
    const after = { type: declared.type ?? before.type, unit: declared.unit ?? before.unit };
    this.#families.set(name, after);
    if (after.type === before.type) return 'same';
    return before.type !== undefined || this.#wasUsed(name) ? 'changed' : 'same';
  }

  /** Type and declared unit of a series by its name, which may be its family's with an ending. */
  lookup(name: string): { readonly type: MetricType; readonly unit: string | undefined } {
    const own = this.#families.get(name);
    if (own?.type !== undefined) return { type: own.type, unit: own.unit };
    for (const [ending, types] of ENDINGS) {
      if (!name.endsWith(ending)) continue;
      const family = this.#families.get(name.slice(0, -ending.length));
      if (family?.type === undefined || !types.includes(family.type)) continue;
      // The time a counter was made is a moment, not a count.
      return ending === '_created' ? { type: 'gauge', unit: 'seconds' } : { type: family.type, unit: family.unit };
    }
    if (this.#undeclared.size < this.#limit) this.#undeclared.add(name);
    return { type: 'unknown', unit: own?.unit };
  }

  #wasUsed(family: string): boolean {
    const names = [family, ...ENDINGS.map(([ending]) => `${family}${ending}`)];
    // All of them, hence no `some`: each is declared from now on.
    return names.filter((name) => this.#undeclared.delete(name)).length > 0;
  }
}
