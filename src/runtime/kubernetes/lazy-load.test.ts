import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const source = resolve(import.meta.dirname, '../..');
const LIBRARY = '@kubernetes/client-node';

test('only the client loads the library, and only when it is used', () => {
  const files = readdirSync(source, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
  const lines = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes(LIBRARY))
      .map((line) => `${file.slice(source.length + 1)}: ${line.trim()}`),
  );
  expect(lines).toEqual([
    `runtime/kubernetes/kubernetes-client.ts: import type { KubeConfig } from '${LIBRARY}';`,
    `runtime/kubernetes/kubernetes-client.ts: const { KubeConfig } = await import('${LIBRARY}');`,
  ]);
});
