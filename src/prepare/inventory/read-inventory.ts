import { parse as parseCsv } from 'csv-parse/sync';
import { parse as parseYaml } from 'yaml';
import type { Labels } from '../../model/labels.ts';

/** What an inventory says of the entities that fit. */
export interface InventoryEntry {
  /** Entity id, `*` for anything. */
  readonly entity: string;
  readonly labels: Labels;
  /** Entities that it depends on. */
  readonly dependsOn: readonly string[];
}

const MOST_ENTRIES = 100_000;
const MAX_ALIASES = 100;
const ID = /^[a-z*][a-z0-9_*-]*\/.+$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]{0,99}$/;
const MAX_VALUE = 500;
/** Columns, or keys, that are no labels. */
const ENTITY = 'entity';
const DEPENDS = 'depends_on';

const words = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.map(String) : typeof value === 'string' ? value.split(/[\s;]+/) : [];

/** One row, or why it makes none. */
function entryOf(row: Readonly<Record<string, unknown>>): InventoryEntry {
  const { [ENTITY]: entity, [DEPENDS]: depends, ...rest } = row;
  if (typeof entity !== 'string' || !ID.test(entity))
    throw new Error(`"${String(entity)}" is no entity, such as host/web-1`);
  const dependsOn = words(depends).filter((id) => id !== '');
  const wrong = dependsOn.find((id) => !ID.test(id) || id.includes('*'));
  if (wrong !== undefined) throw new Error(`"${wrong}" is no entity to depend on`);
  const labels: [string, string][] = [];
  for (const [name, value] of Object.entries(rest)) {
    if (value === null || value === undefined || value === '') continue;
    if (!LABEL.test(name)) throw new Error(`"${name}" is no name of a label`);
    if (!['string', 'number', 'boolean'].includes(typeof value)) throw new Error(`"${name}" is no text`);
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (text.length > MAX_VALUE) throw new Error(`"${name}" is longer than ${MAX_VALUE} characters`);
    labels.push([name, text]);
  }
  return { entity, labels: Object.fromEntries(labels), dependsOn };
}

const isRow = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** YAML: a list of entries, or a mapping from entity to its labels. */
function yamlRows(text: string): readonly Readonly<Record<string, unknown>>[] {
  const found: unknown = parseYaml(text, { maxAliasCount: MAX_ALIASES, logLevel: 'error' });
  if (Array.isArray(found)) {
    if (!found.every(isRow)) throw new Error('an entry is no mapping');
    return found;
  }
  if (!isRow(found)) throw new Error('neither a list nor a mapping');
  return Object.entries(found).map(([entity, rest]) => Object.assign(isRow(rest) ? rest : {}, { entity }));
}

/**
 * Reads an inventory: CSV with a head, one column `entity`, perhaps `depends_on` (ids with blanks or `;` between), every
 * other column a label; or YAML with the same names. Throws an `Error` that says what is wrong with which row.
 */
export function readInventory(text: string, format: 'csv' | 'yaml'): readonly InventoryEntry[] {
  const rows =
    format === 'yaml'
      ? yamlRows(text)
      : parseCsv<Record<string, unknown>>(text, { columns: true, skip_empty_lines: true, trim: true, bom: true });
  if (rows.length > MOST_ENTRIES) throw new Error(`more than ${MOST_ENTRIES} entries`);
  return rows.map((row, i) => {
    try {
      return entryOf(row);
    } catch (thrown) {
      throw new Error(`entry ${i + 1}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, {
        cause: thrown,
      });
    }
  });
}
