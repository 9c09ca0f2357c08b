import { authoredSchema, type SchemaNode } from './schema-node.ts';

const each = (nodes: Readonly<Record<string, SchemaNode>>): Readonly<Record<string, SchemaNode>> =>
  Object.fromEntries(Object.entries(nodes).map(([name, child]) => [name, standard(child)]));

/** The schema without our own annotations. */
function standard(node: SchemaNode): SchemaNode {
  const { expects: _expects, least: _least, most: _most, properties, patternProperties, items, ...rest } = node;
  return {
    ...rest,
    ...(properties === undefined ? {} : { properties: each(properties) }),
    ...(patternProperties === undefined ? {} : { patternProperties: each(patternProperties) }),
    ...(items === undefined ? {} : { items: standard(items) }),
  };
}

/** An action that names a template brings everything else with it; templates are put in before the file is checked. */
function withTemplates(root: SchemaNode): object {
  const actions = root.properties?.['actions'];
  const { required, ...entry } = { required: [] as readonly string[], ...actions?.items };
  const items = { ...entry, anyOf: [{ required }, { required: ['template'] }] };
  return { ...root, properties: { ...root.properties, actions: { ...actions, items } } };
}

/** `vigia.schema.json`: the schema of `vigia.yaml` for editors. */
export const editorSchema = (): string =>
  `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...withTemplates(standard(authoredSchema)) }, null, 2)}\n`;
