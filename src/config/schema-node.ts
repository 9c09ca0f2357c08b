import { ConfigSchema } from './schema.ts';

/** A JSON schema as far as this folder reads it. */
export interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  /** Of names that are not fixed, by pattern. */
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  /** Which text says what is expected here: `config.expects_<name>`. */
  readonly expects?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  /** Bounds of a duration or size as it is written, which JSON Schema cannot check. */
  readonly least?: string;
  readonly most?: string;
}

/**
 * The schema as plain JSON, for the file as people write it: what has a default need not be there. Our own
 * annotations are left in.
 */
function authored(node: SchemaNode): SchemaNode {
  const properties = node.properties ?? {};
  const required = (node.required ?? []).filter((name) => properties[name]?.default === undefined);
  return {
    ...node,
    ...(node.required === undefined ? {} : { required }),
    ...(node.properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, child]) => [name, authored(child)])) }),
    ...(node.items === undefined ? {} : { items: authored(node.items) }),
  };
}

export const authoredSchema: SchemaNode = authored(JSON.parse(JSON.stringify(ConfigSchema)) as SchemaNode);

/** The schema of what stands under a name, if there is one. */
function childOf({ properties = {}, patternProperties = {} }: SchemaNode, name: string): SchemaNode | undefined {
  if (Object.hasOwn(properties, name)) return properties[name];
  return Object.entries(patternProperties).find(([pattern]) => new RegExp(pattern).test(name))?.[1];
}

/** Visits every value for which there is a schema, from the outside in; values may be replaced through `set`. */
export function walk(
  value: unknown,
  visit: (value: unknown, node: SchemaNode, path: readonly (string | number)[]) => unknown,
  node: SchemaNode = authoredSchema,
  path: readonly (string | number)[] = [],
): unknown {
  const seen = visit(value, node, path);
  if (Array.isArray(seen)) {
    const { items } = node;
    return items === undefined ? seen : seen.map((item, index) => walk(item, visit, items, [...path, index]));
  }
  if (typeof seen !== 'object' || seen === null) return seen;
  return Object.fromEntries(
    Object.entries(seen).map(([name, child]) => {
      const schema = childOf(node, name);
      return [name, schema === undefined ? child : walk(child, visit, schema, [...path, name])];
    }),
  );
}

/** `['actions', 2, 'id']` as people write it: `actions[2].id`. */
export const spell = (path: readonly (string | number)[]): string =>
  path.map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${step}`)).join('');
