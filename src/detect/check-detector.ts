import { describe, expect, it } from 'vitest';
import type { DetectorFactory } from '../model/detector.ts';
import type { Feature, Frame } from '../model/frame.ts';
import { internLayout } from '../model/layout.ts';
import { createRandom } from '../ml/random.ts';

const STEP = 5000;

const feature = (name: string): Feature => ({ name, metric: name, labels: {}, kind: 'level', unit: '', limit: null });

/** A frame of made-up features; NaN is missing. */
export const frameOf = (time: number, values: readonly number[], stepMs = STEP): Frame => ({
  entity: 'host/check',
  fleet: 'default',
  time,
  stepMs,
  layout: internLayout(values.map((_, i) => feature(`f${i}`))),
  values: Float32Array.from(values),
  derived: new Float32Array(0),
  closedAt: time + stepMs,
});

/** Frames of a calm machine: a season, noise of unlike sizes, a constant. */
export function calmFrames(count: number, seed: number, from = 1_700_000_000_000, stepMs = STEP): Frame[] {
  const random = createRandom(seed);
  const start = Math.floor(from / stepMs) * stepMs;
  return Array.from({ length: count }, (_, i) => {
    const time = start + i * stepMs;
    const day = Math.sin((2 * Math.PI * time) / 86_400_000);
    return frameOf(
      time,
      [50 + 5 * day + random.normal(), 1e6 + 1e4 * random.normal(), 3, Math.abs(random.normal())],
      stepMs,
    );
  });
}

/** What every detector must do, whatever it is made of. `frames` is enough history for it to be ready. */
export function checkDetector(factory: DetectorFactory, frames = 400): void {
  const options = { stepMs: STEP, seed: 7 };
  const history = calmFrames(frames, 1);
  const later = calmFrames(50, 2, history.at(-1)!.time + STEP);
  const trained = () => {
    const detector = factory.create(options);
    detector.fit(history);
    return detector;
  };
  const changed = (frame: Frame, values: readonly number[]): Frame => frameOf(frame.time, values);

  describe(`detector ${factory.kind}`, () => {
    it('is not ready without history, and then says nothing', () => {
      const score = factory.create(options).score(later[0]!);
      expect(score.ready).toBe(false);
      expect([score.score, ...score.features]).toEqual([0, 0, 0, 0, 0]);
    });

    it('gives scores of at least 0, one a feature, with the band around what is expected', () => {
      const detector = trained();
      for (const frame of later) {
        const score = detector.score(frame);
        expect(score.ready).toBe(true);
        expect(score.score).toBeGreaterThanOrEqual(0);
        expect(score.features).toHaveLength(frame.values.length);
        score.expected.forEach((expected, f) => {
          expect(score.low[f]).toBeLessThanOrEqual(expected);
          expect(score.high[f]).toBeGreaterThanOrEqual(expected);
        });
      }
    });

    it('does not change by scoring', () => {
      const detector = trained();
      const before = JSON.stringify(detector.toJSON());
      const first = detector.score(later[0]!);
      detector.score(changed(later[1]!, [1e9, Number.NaN, -5, 0]));
      expect(detector.score(later[0]!)).toEqual(first);
      expect(JSON.stringify(detector.toJSON())).toBe(before);
    });

    it('scores what is abnormal higher, and names the feature', () => {
      const detector = trained();
      const calm = Math.max(...later.map((frame) => detector.score(frame).score));
      const [a, b, c, d] = later[0]!.values;
      const wild = detector.score(changed(later[0]!, [a! + 30, b!, c!, d!]));
      expect(wild.score).toBeGreaterThan(1.3 * calm);
      expect(wild.features.indexOf(Math.max(...wild.features))).toBe(0);
    });

    it('takes missing and infinite values, and features that appear late', () => {
      const detector = trained();
      const odd = changed(later[0]!, [Number.NaN, Number.POSITIVE_INFINITY, 3, 1, 99]);
      const score = detector.score(odd);
      expect(Number.isFinite(score.score)).toBe(true);
      expect(score.features[0]).toBe(0);
      expect(score.features[4]).toBe(0);
      detector.learn(odd, 1);
      expect(Number.isFinite(detector.score(later[1]!).score)).toBe(true);
    });

    it('gives the same for the same frames', () => {
      expect(later.map((frame) => trained().score(frame).score)).toEqual(
        later.map((frame) => trained().score(frame).score),
      );
    });

    it('goes on from a saved state as if it had never stopped', () => {
      const detector = trained();
      const restored = factory.fromJSON(JSON.parse(JSON.stringify(detector.toJSON())), options);
      for (const frame of later) {
        expect(restored.score(frame)).toEqual(detector.score(frame));
        restored.learn(frame, 1);
        detector.learn(frame, 1);
      }
    });

    it.each(['null', '7', '{}', '{"version":99}', '[]'])('refuses a damaged state: %s', (text) => {
      expect(() => factory.fromJSON(JSON.parse(text), options)).toThrow(
        expect.objectContaining({ code: 'STATE_INVALID' }),
      );
    });
  });
}
