import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Phrase } from '../model/phrase.ts';
import { saying } from './mistake.ts';
import { nearest } from './nearest.ts';
import { authoredSchema, type SchemaNode, spell } from './schema-node.ts';

export type Path = readonly (string | number)[];

/** A mistake before it is known where it stands in the file. */
export interface Problem {
  readonly path: Path;
  /** Whether the key itself is wrong, or its value. */
  readonly part: 'key' | 'value';
  readonly found: Phrase;
  readonly expected: Phrase;
}

/** Characters of a wrong value that are shown. */
const SHOWN = 60;

/** A value as it may be shown: short, and nothing of a secret. */
function show(value: unknown, node: SchemaNode): Phrase {
  if (node.expects?.startsWith('secret') === true) return saying('config.found_literal_secret');
  if (value === undefined || value === null) return saying('config.found_nothing');
  const text = JSON.stringify(value);
  return saying('config.found_value', { value: text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text });
}

const TYPES = {
  object: 'config.expects_section',
  array: 'config.expects_list',
  integer: 'config.expects_integer',
  number: 'config.expects_number',
  string: 'config.expects_text',
  boolean: 'config.expects_boolean',
} as const;

const EXPECTS = {
  duration: 'config.expects_duration',
  size: 'config.expects_size',
  rate: 'config.expects_rate',
  secret: 'config.expects_secret',
  secret_url: 'config.expects_secret_url',
  url: 'config.expects_url',
  name: 'config.expects_name',
  entity: 'config.expects_entity',
  timezone: 'config.expects_timezone',
} as const;

/** A bound, with both ends where there are both. */
export function bounds(node: SchemaNode): Phrase {
  const low = node.least ?? node.minimum;
  const high = node.most ?? node.maximum;
  if (low !== undefined && high !== undefined) return saying('config.expects_between', { low, high });
  return low === undefined
    ? saying('config.expects_at_most', { high: high ?? '' })
    : saying('config.expects_at_least', { low });
}

type Parameters = Readonly<Record<string, unknown>>;

/** What each keyword of JSON Schema expects, in words. */
const keywords: Readonly<Record<string, (node: SchemaNode, parameters: Parameters, error: ErrorObject) => Phrase>> = {
  type: ({ type }) => saying(TYPES[(type ?? 'object') as keyof typeof TYPES] ?? 'config.expects_text'),
  enum: ({ enum: values = [] }, _, { data }) => {
    const near = typeof data === 'string' ? nearest(data, values.map(String)) : null;
    return near === null
      ? saying('config.expects_one_of', { values: values.join(', ') })
      : saying('config.expects_did_you_mean', { name: near });
  },
  minimum: bounds,
  maximum: bounds,
  exclusiveMinimum: (_, { limit }) => saying('config.expects_more_than', { low: Number(limit) }),
  minItems: (_, { limit }) => saying('config.expects_entries', { low: Number(limit) }),
  minLength: (_, { limit }) => saying('config.expects_entries', { low: Number(limit) }),
  minProperties: (_, { limit }) => saying('config.expects_entries', { low: Number(limit) }),
  maxItems: (_, { limit }) => saying('config.expects_fewer', { high: Number(limit) }),
  maxLength: (_, { limit }) => saying('config.expects_fewer', { high: Number(limit) }),
  pattern: (_, { pattern }) => saying('config.expects_pattern', { pattern: String(pattern) }),
};

function expected(error: ErrorObject, node: SchemaNode): Phrase {
  const special = EXPECTS[(node.expects ?? '') as keyof typeof EXPECTS];
  if (special !== undefined && (error.keyword === 'pattern' || error.keyword === 'type')) return saying(special);
  const known = keywords[error.keyword];
  return known?.(node, error.params, error) ?? saying('config.expects_valid', { detail: error.message ?? '' });
}

/** JSON pointer to path; the value tells which steps are indexes. */
function pathOf(pointer: string, root: unknown): Path {
  let value = root;
  return pointer
    .split('/')
    .slice(1)
    .map((step) => {
      const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
      const key = Array.isArray(value) ? Number(name) : name;
      value = (value as Readonly<Record<string | number, unknown>>)[key];
      return key;
    });
}

function problemOf(error: ErrorObject, root: unknown): Problem {
  const path = pathOf(error.instancePath, root);
  const node = (error.parentSchema ?? {}) as SchemaNode;
  if (error.keyword === 'additionalProperties') {
    const name = String(error.params['additionalProperty']);
    const known = Object.keys(node.properties ?? {});
    const near = nearest(name, known);
    return {
      path: [...path, name],
      part: 'key',
      found: saying('config.found_unknown_key'),
      expected:
        near === null
          ? saying('config.expects_one_of', { values: known.join(', ') })
          : saying('config.expects_did_you_mean', { name: near }),
    };
  }
  if (error.keyword === 'required') {
    const name = String(error.params['missingProperty']);
    return {
      path,
      part: 'key',
      found: saying('config.found_nothing'),
      expected: saying('config.expects_key', { name }),
    };
  }
  return { path, part: 'value', found: show(error.data, node), expected: expected(error, node) };
}

let compiled: ValidateFunction | null = null;

/** Every way in which a value breaks the schema, each place once. */
export function validate(value: unknown): readonly Problem[] {
  compiled ??= new Ajv({ allErrors: true, verbose: true, strict: false }).compile(authoredSchema);
  return problemsOf(compiled, value, []);
}

/** The same of a part of the configuration, with a schema of its own. */
export function problemsOf(check: ValidateFunction, value: unknown, at: Path): readonly Problem[] {
  if (check(value)) return [];
  const problems = (check.errors ?? [])
    .map((error) => problemOf(error, value))
    .map((problem) => Object.assign(problem, { path: [...at, ...problem.path] }));
  const places = new Set<string>();
  return problems.filter(({ path, expected: { key, values } }) => {
    const place = `${spell(path)}${key === 'config.expects_key' ? String(values['name']) : ''}`;
    return !places.has(place) && places.add(place);
  });
}
