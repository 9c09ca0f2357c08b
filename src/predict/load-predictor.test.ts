import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
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
