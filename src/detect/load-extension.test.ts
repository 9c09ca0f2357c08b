import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../ml/random.ts';
import { internLayout } from '../model/layout.ts';
import { fitJoint } from './fit-joint.ts';
import { loadJointArtefact } from './joint-artefact.ts';
import { LIVE_MEMBERS } from './live-members.ts';
import { loadDetectExtensions } from './load-extension.ts';

const root = resolve(import.meta.dirname, '../..');
const fixtures = join(root, 'test/fixtures');
const folder = mkdtempSync(join(tmpdir(), 'vigia-extension-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CADENCE = 15_000;
const features = ['a', 'b', 'c'];
const layout = internLayout(
  features.map((name) => ({ name, metric: name, labels: {}, kind: 'level', unit: '', limit: null })),
);

/** Calm history of one entity. */
function history(rows: number) {
  const random = createRandom(3);
  const values = Float32Array.from({ length: rows * 3 }, () => 50 + 5 * random.normal());
  const times = Float64Array.from({ length: rows }, (_, i) => i * CADENCE);
  return { entity: 'pod/a', features, cadenceMs: CADENCE, stretches: [{ times, values }] };
}

describe('an extension', () => {
  it('that brings a member is trained with the others and finds what they find', async () => {
    const { members, detector } = await loadDetectExtensions(
      { members: [{ package: './example-detectors' }] },
      fixtures,
    );
    expect(detector).toBeNull();
    const request = { histories: [history(600)], cadenceMs: CADENCE, seed: 1, members: members.map(({ url }) => url) };
    const trained = await fitJoint(request);
    expect(trained?.metrics['members']).toBe(LIVE_MEMBERS.length + 1);
    const all = [...LIVE_MEMBERS, ...members.map(({ factory }) => factory)];
    const source = loadJointArtefact('model_1', trained!.bytes, all);
    const watch = source.watch({ entity: 'pod/a', layout, cadenceMs: CADENCE, state: null });
    for (let i = 0; i < 5; i++) watch.take((600 + i) * CADENCE, Float32Array.of(50, 51, 49));
    const { members: said } = watch.take(605 * CADENCE, Float32Array.of(50, 50, 500));
    expect(said.find(({ kind }) => kind === 'range')?.p).toBeLessThan(0.01);
    // Without the package its part of the model cannot be read.
    expect(() => loadJointArtefact('model_1', trained!.bytes, LIVE_MEMBERS)).toThrow(
      expect.objectContaining({ code: 'ML_KIND' }),
    );
  });

  it('is the one that the guide shows', () => {
    const guide = readFileSync(join(root, 'docs/guide/extending-detectors.md'), 'utf8');
    const shown = /```js\n(.*?)\n {3}```/s.exec(guide)?.[1]?.replaceAll(/^ {3}/gm, '');
    expect(shown).toBe(readFileSync(join(fixtures, 'example-detectors/index.js'), 'utf8').trimEnd());
  });

  it.each([
    ['is not there', './nowhere', /Cannot find module/],
    ['is not installed', 'no-such-package-of-ours', /Cannot find package/],
    ['has no such export', './empty.mjs', /no export `member` with `kind`/],
    ['lacks a function', './half.mjs', /no export `member` with `load`/],
    ['does not run', './broken.mjs', /broken on purpose/],
  ])('that %s is refused with the reason', async (_, name, reason) => {
    writeFileSync(join(folder, 'empty.mjs'), 'export const other = 1;');
    writeFileSync(join(folder, 'half.mjs'), "export const member = { kind: 'half', fit() {} };");
    writeFileSync(join(folder, 'broken.mjs'), "throw new Error('broken on purpose');");
    await expect(loadDetectExtensions({ members: [{ package: name }] }, folder)).rejects.toMatchObject({
      code: 'EXTENSION_INVALID',
      values: { name, reason: expect.stringMatching(reason) as string },
    });
  });

  it('may bring the detector itself', async () => {
    writeFileSync(join(folder, 'mine.mjs'), "export const detector = { kind: 'mine', create() {}, fromJSON() {} };");
    const { detector } = await loadDetectExtensions({ members: [], detector: { package: './mine.mjs' } }, folder);
    expect(detector?.factory.kind).toBe('mine');
    expect(detector?.url).toMatch(/^file:.*mine\.mjs$/);
  });
});
