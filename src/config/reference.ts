import { environmentSettings } from './environment.ts';
import { authoredSchema, type SchemaNode, spell } from './schema-node.ts';

const nothing = (value: unknown): boolean => value === undefined || JSON.stringify(value) === '{}';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** What may stand there, in a word or two. */
function takes(node: SchemaNode): string {
  const { enum: choices, type, expects } = node as SchemaNode & { readonly enum?: readonly unknown[] };
  if (choices !== undefined) return choices.map((choice) => `\`${String(choice)}\``).join(', ');
  return typeof expects === 'string' ? expects.replaceAll('_', ' ') : (type ?? '');
}

const row = (path: string, node: SchemaNode): string => {
  const { default: value, description } = node as SchemaNode & {
    readonly default?: unknown;
    readonly description?: string;
  };
  const shown = nothing(value) ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
  return `| \`${path}\` | ${cell(takes(node))} | ${cell(shown)} | ${cell(description ?? '')} |`;
};

/** Every setting below a node, one line each; items of a list are written `list[].name`. */
function rows(node: SchemaNode, path: string): string[] {
  const below = Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
    rows(child, path === '' ? name : `${path}.${name}`),
  );
  const items = node.items === undefined ? [] : rows(node.items, `${path}[]`).slice(node.items.properties ? 0 : 1);
  if (path === '') return below;
  const own = node.properties === undefined ? [row(path, node)] : [];
  return [...own, ...below, ...items];
}

/** `docs/guide/settings.md`: every setting with its default, made from the schema. */
export function settingsReference(): string {
  const names = environmentSettings.map(({ path, name }) => `\`${spell(path)}\` is \`${name}\``);
  return [
    '# Every setting',
    '',
    'Made from the schema; `vigia.schema.json` tells editors the same. Durations are written `500ms`, `5s`, `15m`, `6h`, `7d`; sizes',
    '`64KiB`, `2GiB`; rates `2 per day`.',
    '',
    '| setting | takes | default | what it is |',
    '| --- | --- | --- | --- |',
    ...rows(authoredSchema, ''),
    '',
    '## From the environment',
    '',
    'A variable wins over the file. Its name is the path of the setting:',
    '',
    `${names.join(', ')}.`,
    '',
  ].join('\n');
}
