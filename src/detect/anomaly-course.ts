import type { AnomalyKind } from '../model/anomaly.ts';
import type { DetectorScore } from '../model/detector.ts';
import type { Frame } from '../model/frame.ts';
import { classify, insideBand } from './classify.ts';
import { countsEvents } from './event-features.ts';

/** Frames kept to tell the kind. */
export const COURSE = 48;
/** Features that are asked whether they are inside their own bands. */
const ASKED = 3;

interface Glimpse {
  readonly frame: Frame;
  readonly score: DetectorScore;
}

/** The newest abnormal frames of an anomaly, from which its kind is told. */
export class AnomalyCourse {
  #glimpses: Glimpse[] = [];

  get length(): number {
    return this.#glimpses.length;
  }

  push(frame: Frame, score: DetectorScore): void {
    this.#glimpses.push({ frame, score });
    if (this.#glimpses.length > COURSE) this.#glimpses.shift();
  }

  clear(): void {
    this.#glimpses = [];
  }

  /** The kind, by the strongest features; `relational` where features were found odd together and not one by one. */
  kind(strongest: readonly number[], relational: boolean): AnomalyKind {
    const [top] = strongest;
    if (top === undefined) return relational ? 'relation_broken' : 'spike';
    if (relational && strongest.slice(0, ASKED).every((f) => insideBand(this.#of(f)))) return 'relation_broken';
    return classify(this.#of(top));
  }

  #of(f: number) {
    const course = this.#glimpses.filter(
      ({ frame, score }) => Number.isFinite(frame.values[f]!) && Number.isFinite(score.expected[f]!),
    );
    const feature = this.#glimpses.at(-1)?.frame.layout.features[f];
    return {
      values: course.map(({ frame }) => frame.values[f]!),
      expected: course.map(({ score }) => score.expected[f]!),
      half: course.map(({ score }) => (score.high[f]! - score.low[f]!) / 2),
      seasonBreak: course.map(({ score }) => score.hints?.seasonBreak[f] ?? 0),
      countsEvents: feature !== undefined && countsEvents(feature),
    };
  }
}
