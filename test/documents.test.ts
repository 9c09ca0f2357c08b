import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const root = new URL('..', import.meta.url).pathname;

const within = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:md|ya?ml|json|mjs)$|^Dockerfile$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));

/** What people read, and what they start Vigía with. */
const documents = [...within('docs'), ...within('deploy'), 'README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'];
const text = (file: string): string => readFileSync(join(root, file), 'utf8');

it('documents and manifests name only pages and files that are there', () => {
  expect(documents.length).toBeGreaterThan(50);
  const missing: string[] = [];
  for (const file of documents) {
    const content = text(file);
    const links = [...content.matchAll(/\]\((?<path>[^)#\s:]+)(?:#[^)]*)?\)/g)].map(({ groups }) =>
      join(dirname(file), groups!['path']!),
    );
    const named = [
      ...content.matchAll(
        /(?<![\w./-])(?<path>(?:src|test|deploy|docs|scripts|bench|proto|lab)\/[\w./-]+\.(?:md|ts|mjs|py|ya?ml|json|proto|sh))\b/g,
      ),
    ].map(({ groups }) => groups!['path']!);
    const gone = [...links, ...named].filter((path) => !existsSync(join(root, path)));
    missing.push(...gone.map((path) => `${file}: ${path}`));
  }
  expect(missing).toEqual([]);
});

it('operators find every page of theirs from another page or the README', () => {
  const all = documents.map(text).join('\n');
  const pages = readdirSync(join(root, 'docs/operations'));
  expect(pages.length).toBeGreaterThan(8);
  expect(pages.filter((page) => !all.includes(`${page})`) && !all.includes(`operations/${page}`))).toEqual([]);
});
