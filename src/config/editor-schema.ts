import { authoredSchema, type SchemaNode } from './schema-node.ts';

/** The schema without our own annotations. */
function standard(node: SchemaNode): SchemaNode {
  const { expects: _expects, least: _least, most: _most, properties, items, ...rest } = node;
  return {
    ...rest,
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, child]) => [name, standard(child)])) }),
    ...(items === undefined ? {} : { items: standard(items) }),
  };
}

/** `vigia.schema.json`: the schema of `vigia.yaml` for editors. */
export const editorSchema = (): string =>
  `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...standard(authoredSchema) }, null, 2)}\n`;
