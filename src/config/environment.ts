import { parse } from 'yaml';
import { authoredSchema, type SchemaNode } from './schema-node.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One setting that has an environment name. */
interface Setting {
  readonly name: string;
  readonly path: readonly string[];
  readonly node: SchemaNode;
}

/** `store.diskBudget` is `VIGIA_STORE_DISK_BUDGET`. */
const nameOf = (path: readonly string[]): string =>
  `VIGIA_${path.map((step) => step.replace(/([A-Z])/g, '_$1').toUpperCase()).join('_')}`;

function settingsOf(node: SchemaNode, path: readonly string[]): readonly Setting[] {
  if (node.properties === undefined) return [{ name: nameOf(path), path, node }];
  return Object.entries(node.properties).flatMap(([name, child]) => settingsOf(child, [...path, name]));
}

/** Every setting with its environment name; lists and maps are written in YAML's flow style. */
export const environmentSettings: readonly Setting[] = settingsOf(authoredSchema, []);

/** A value as it is written in the file: text stays text, everything else is read as YAML. */
function read({ node, name }: Setting, text: string): unknown {
  // A secret in the environment is where secrets belong: what goes on is the reference to it.
  if (node.expects?.startsWith('secret') === true) return text.startsWith('${') ? text : `\${env:${name}}`;
  if (node.type === 'string' || node.enum !== undefined) return text;
  try {
    return parse(text, { maxAliasCount: 0, logLevel: 'silent' }) as unknown;
  } catch {
    return text;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A copy with the value at the path set; what stands in the way and is no section is left for the validation to name. */
function assign(value: unknown, path: readonly string[], leaf: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return leaf;
  if (value !== undefined && value !== null && !isRecord(value)) return value;
  const record = value ?? {};
  return { ...record, [step]: assign(record[step], rest, leaf) };
}

/** What the environment sets, laid over what the file says; `from` tells which variable set a path. */
export function applyEnvironment(value: unknown, environment: Environment) {
  const from = new Map<string, string>();
  let result = value;
  for (const setting of environmentSettings) {
    const text = environment[setting.name];
    if (text === undefined || text === '') continue;
    result = assign(result, setting.path, read(setting, text));
    from.set(setting.path.join('.'), setting.name);
  }
  return { value: result, from };
}
