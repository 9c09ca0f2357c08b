import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Anomaly } from '../model/anomaly.ts';
import { calmFrames, checkDetector, frameOf } from './check-detector.ts';
import { EntityWatch } from './entity-watch.ts';
import { loadDetectExtensions } from './load-extension.ts';

const STEP = 5000;
const root = resolve(import.meta.dirname, '../..');
const fixture = join(root, 'test/fixtures/example-detector');

// Installed beside a configuration, as `npm install` would: it is found by its name.
const folder = mkdtempSync(join(tmpdir(), 'vigia-detector-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
cpSync(fixture, join(folder, 'node_modules/example-detector'), { recursive: true });
const { detector } = await loadDetectExtensions({ members: [], detector: { package: 'example-detector' } }, folder);

checkDetector(detector!.factory);

it('a detector from a package finds what is abnormal, in place of the one that is there', () => {
  const watch = new EntityWatch('host/check', {
    stepMs: STEP,
    seed: 1,
    detector: detector!.factory,
    adoptMs: 6 * 3_600_000,
    settings: { warmUp: 60, minimumDurationMs: 30_000 },
  });
  const frames = calmFrames(600, 3).map(({ time, values }, i) =>
    frameOf(time, i < 560 ? [...values] : [values[0]! + 30, ...values.slice(1)]),
  );
  const told: Anomaly[] = [];
  for (const frame of frames) told.push(...watch.take(frame, () => ({ warning: 1e-4, critical: 1e-5 })).changes);
  const [found] = told;
  expect(found).toMatchObject({ start: frames[560]?.time, end: null });
  expect(found?.contributions[0]).toMatchObject({ feature: 'f0', detector: 'deviation' });
  expect(found?.contributions[0]?.share).toBeGreaterThan(0.9);
});

it('is the one that the guide shows', () => {
  const guide = readFileSync(join(root, 'docs/guide/extending-detectors.md'), 'utf8');
  const shown = /## A detector\n.*?```js\n(.*?)\n```/s.exec(guide)?.[1];
  expect(shown).toBe(readFileSync(join(fixture, 'index.js'), 'utf8').trimEnd());
});
