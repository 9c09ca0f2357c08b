import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkPredictor } from './check-predictor.ts';
import { createHazardFactory } from './hazard/hazard-factory.ts';
import { loadPredictors } from './load-predictor.ts';

const root = resolve(import.meta.dirname, '../..');
const fixtures = join(root, 'test/fixtures');

const [brought] = await loadPredictors([{ package: './example-predictor' }], fixtures);
checkPredictor(brought!.factory);
checkPredictor(createHazardFactory());

it('the guide shows this very one', () => {
  const guide = readFileSync(join(root, 'docs/guide/extending-predictors.md'), 'utf8');
  const shown = /```js\n(.*?)\n {3}```/s.exec(guide)?.[1]?.replaceAll(/^ {3}/gm, '');
  expect(shown).toBe(readFileSync(join(fixtures, 'example-predictor/index.js'), 'utf8').trimEnd());
});

const installed = mkdtempSync(join(tmpdir(), 'vigia-predictors-'));
afterAll(() => rmSync(installed, { recursive: true, force: true }));

it.each<[string, object]>([
  ['a path', { exports: './index.js' }],
  ['a main file', { main: 'index.js' }],
  ['a path for import alone', { exports: { '.': { types: './index.d.ts', import: './index.js' } } }],
  ['conditions without a place', { exports: { import: { default: './index.js' } } }],
])('a package that is installed beside the configuration and exports %s is loaded by its name', async (_, exported) => {
  const name = `predictor-${Object.keys(exported)[0]}-${JSON.stringify(exported).length}`;
  const folder = join(installed, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', type: 'module', ...exported }));
  copyFileSync(join(fixtures, 'example-predictor/index.js'), join(folder, 'index.js'));
  const [found] = await loadPredictors([{ package: name }], installed);
  expect(found!.factory.kind).toBe('level');
  expect(found!.url).toContain(`/node_modules/${name}/index.js`);
});

it.each([
  ['is not there', ['./nowhere'], /Cannot find module/],
  ['brings something else', ['./example-detectors'], /no export `predictor` with `kind`/],
  ['is there twice', ['./example-predictor', './example-predictor'], /twice/],
])('a package that %s is named', async (_, names, reason) => {
  const loading = loadPredictors(
    names.map((name) => ({ package: name })),
    fixtures,
  );
  await expect(loading).rejects.toMatchObject({ code: 'EXTENSION_INVALID' });
  await expect(loading).rejects.toThrow(reason);
});
