import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** Rooms and what each may import. `*` is everything; a file name grants that file alone. */
const stage = ['model', 'ml', 'runtime', 'text', 'bus/bus.ts', 'store/store.ts'];
const mayImport: Readonly<Record<string, readonly string[]>> = {
  model: [],
  ml: [],
  text: ['model'],
  runtime: ['model', 'text'],
  config: ['model', 'runtime', 'text'],
  bus: ['model', 'runtime'],
  store: ['model', 'runtime'],
  collect: stage,
  prepare: stage,
  detect: stage,
  predict: stage,
  correlate: stage,
  recommend: stage,
  act: stage,
  learn: stage,
  api: ['model', 'runtime', 'text', 'store/store.ts'],
  dashboard: ['api/contract', 'text', 'model'],
  commands: ['*'],
  'main.ts': ['*'],
  'pipeline.ts': ['*'],
  'alerting.ts': ['*'],
  'acting.ts': ['*'],
  'choosing.ts': ['*'],
  'gathering.ts': ['*'],
  'predicting.ts': ['*'],
};

/** Guards against a search that finds nothing and so forbids nothing. */
const EXPECTED_FILES = 120;

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"`;]*?from\s*'([^']+)'|(?:^|\n)\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g;

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/\.test\.tsx?$|[/\\]check-[^/\\]*\.ts$|ml\/kernels\/assembly/.test(file));
}

const roomOf = (path: string): string => path.split('/')[0] ?? '';

/** Imports of our own files, as paths inside `src` (or `dashboard/…`). */
function importsOf(file: string): { readonly from: string; readonly to: string }[] {
  const text = readFileSync(file, 'utf8');
  const inside = (path: string): string => {
    const path_ = relative(root, path).replaceAll('\\', '/');
    return path_.startsWith('src/') ? path_.slice(4) : path_;
  };
  return [...text.matchAll(IMPORT)]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    .filter((target) => target.startsWith('.'))
    .map((target) => ({ from: inside(file), to: inside(resolve(dirname(file), target)) }));
}

const files = [...sources(join(root, 'src')), ...sources(join(root, 'dashboard/src'))];

describe('architecture', () => {
  it('sees the whole code base', () => {
    expect(files.length).toBeGreaterThan(EXPECTED_FILES);
  });

  it('every room has a rule', () => {
    const rooms = new Set(
      files.flatMap((file) => importsOf(file).flatMap(({ from, to }) => [roomOf(from), roomOf(to)])),
    );
    expect([...rooms].filter((room) => mayImport[room] === undefined)).toEqual([]);
  });

  it('rooms import only what they may', () => {
    const broken = files.flatMap(importsOf).filter(({ from, to }) => {
      const room = roomOf(from);
      const allowed = mayImport[room] ?? [];
      return room !== roomOf(to) && !allowed.some((a) => a === '*' || to === a || to.startsWith(`${a}/`));
    });
    expect(broken).toEqual([]);
  });

  it('the dashboard takes only types from the model and the contract', () => {
    const values = files
      .filter((file) => file.includes('/dashboard/'))
      .flatMap((file) =>
        [
          ...readFileSync(file, 'utf8').matchAll(
            /import\s+(?!type\b)[^'"]*?from\s*'([^']*\/(?:model|api\/contract)\/[^']+)'/g,
          ),
        ].map((match) => `${relative(root, file)} imports ${match[1]}`),
      );
    expect(values).toEqual([]);
  });
});
