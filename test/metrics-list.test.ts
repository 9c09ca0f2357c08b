import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/operations/metrics.md'), 'utf8');

/** Name and kind of every metric of the list. */
const listed = new Map(
  [...page.matchAll(/^\| `(vigia_\w+)` \| (\w+) \|/gm)].map(([, name = '', kind = '']) => [name, kind]),
);

/** Names that the program's sources give to metrics, with the kind where it stands beside the name. */
function made(): Map<string, string | null> {
  const found = new Map<string, string | null>();
  for (const entry of readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/(?<!\.test)\.ts$/.test(entry.name)) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    for (const [, name = ''] of text.matchAll(/'(vigia_[a-z]+_[a-z0-9_]+)'/g)) found.set(name, found.get(name) ?? null);
    for (const [, kind = '', name = ''] of text.matchAll(/\.(counter|gauge|histogram)\(\s*'(vigia_\w+)'/g))
      found.set(name, kind);
  }
  return found;
}

it('lists every metric that the program has, and none that it has not', () => {
  const names = made();
  expect(names.size).toBeGreaterThan(50);
  expect([...names.keys()].filter((name) => !listed.has(name))).toEqual([]);
  expect([...listed.keys()].filter((name) => !names.has(name))).toEqual([]);
});

it('says of what kind each is, and names follow the conventions of Prometheus', () => {
  const known = [...made()].filter(([, kind]) => kind !== null);
  expect(known.filter(([name, kind]) => listed.get(name) !== kind)).toEqual([]);
  const wrong = [...listed].filter(([name, kind]) => {
    if (!/^vigia_[a-z]+(_[a-z0-9]+)*$/.test(name)) return true;
    if ((kind === 'counter') !== name.endsWith('_total')) return true;
    return kind === 'histogram' && !/_(seconds|bytes)$/.test(name);
  });
  expect(wrong).toEqual([]);
});
