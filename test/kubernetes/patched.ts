type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 7386. */
function merged(value: unknown, patch: unknown): unknown {
  if (!isTree(patch)) return patch;
  const base = isTree(value) ? value : {};
  const keys = new Set([...Object.keys(base), ...Object.keys(patch)]);
  return Object.fromEntries(
    [...keys]
      .filter((key) => patch[key] !== null)
      .map((key) => [key, key in patch ? merged(base[key], patch[key]) : base[key]]),
  );
}

interface Step {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

const parts = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

const at = (value: unknown, path: string): unknown =>
  parts(path).reduce<unknown>((found, part) => (isTree(found) ? found[part] : undefined), value);

function placed(value: unknown, [first = '', ...rest]: string[], put: unknown): Tree {
  const base = isTree(value) ? value : {};
  return { ...base, [first]: rest.length === 0 ? put : placed(base[first], rest, put) };
}

/** The part of RFC 6902 that is used: test, add and replace, in maps. Null when a test fails. */
function stepped(value: unknown, steps: readonly Step[]): unknown {
  let after = value;
  for (const { op, path, value: put } of steps) {
    if (op === 'test') {
      if (JSON.stringify(at(after, path)) !== JSON.stringify(put)) return null;
    } else after = placed(after, parts(path), put);
  }
  return after;
}

/** An object after a patch; null when it was changed by somebody else meanwhile. */
export function patched(object: unknown, patch: unknown, contentType: string): unknown {
  if (contentType === 'application/json-patch+json') return stepped(object, patch as readonly Step[]);
  const wanted = at(patch, '/metadata/resourceVersion');
  if (wanted !== undefined && wanted !== at(object, '/metadata/resourceVersion')) return null;
  return merged(object, patch);
}
