import { expect, it } from 'vitest';
import type { Frame } from '../model/frame.ts';
import { frameOf } from './check-detector.ts';
import type { JointWatch } from './ensemble/joint-score.ts';
import { JointPart, type JointSource } from './joint-part.ts';

const STEP = 5000;
/** In the middle of a row of 15 seconds. */
const START = Date.UTC(2026, 0, 15, 10, 0, 5);

/** A model that finds odd what is far from the mean so far, and says so by name. */
const source: JointSource = {
  id: 'model-1',
  watch: ({ state }): JointWatch => {
    const known = (state ?? { rows: 0, mean: 0 }) as { rows: number; mean: number };
    let { rows, mean } = known;
    let newest = 0;
    return {
      take: (_time, values) => {
        newest = values[0]!;
        const surprise = Math.abs(newest - mean);
        const p = Math.exp(-surprise);
        const blame = Float32Array.from(values, (_value, f) => (f === 0 ? 1 : 0));
        return { ready: rows > 2, p, surprise, members: [{ kind: 'plain', p, weight: 1 }], blame: () => blame };
      },
      follow: () => undefined,
      learn: (weight) => {
        rows += 1;
        mean += (weight / rows) * (newest - mean);
      },
      adopt: () => undefined,
      toJSON: () => ({ rows, mean }),
    };
  },
};

/** What is said of each frame, with who is to blame. */
function said(part: JointPart, frames: readonly Frame[]): unknown[] {
  return frames.map((frame, i) => {
    const look = part.take(frame, source);
    part.learn(i % 5 === 0 ? 0.5 : 1);
    return look === null ? null : { ...look, blame: [...look.blame()] };
  });
}

it('goes on from a saved state as without a restart, wherever in a row that was', () => {
  const frames = Array.from({ length: 60 }, (_, i) =>
    frameOf(START + i * STEP, [i % 7, i > 40 ? 100 : Math.sin(i)], STEP),
  );
  const alone = new JointPart(STEP);
  let handed = new JointPart(STEP);
  for (let from = 0; from < frames.length; from += 10) {
    const part = frames.slice(from, from + 10);
    expect(said(handed, part)).toEqual(said(alone, part));
    const state = JSON.parse(JSON.stringify(handed.toJSON()));
    // Handed over twice, without a frame between.
    for (let hand = 0; hand < 2; hand++) {
      const next = new JointPart(STEP);
      next.restore(JSON.parse(JSON.stringify(handed.toJSON())));
      handed = next;
      expect(handed.toJSON()).toEqual(state);
    }
  }
});
