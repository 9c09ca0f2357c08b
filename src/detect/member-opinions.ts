import type { MemberOpinion } from '../model/anomaly.ts';
import type { Json } from '../model/detector.ts';

/** Weight of the newest abnormal frame, as in the strength by which severity goes. */
const WEIGHT = 0.1;
/** A member agrees when its frames are this improbable on the whole; of a calm one they are at e^-1. */
const AGREES_P = 0.05;
/** A package may bring members of its own; more than this are not listed. */
const MOST = 16;

/** What one member says of a frame. */
export interface Opinion {
  readonly kind: string;
  readonly p: number;
}

/** What the detectors say of an anomaly over its abnormal frames: running means of -ln p. */
export class MemberOpinions {
  readonly #means = new Map<string, { mean: number; frames: number }>();

  note(opinions: readonly Opinion[]): void {
    for (const { kind, p } of opinions) {
      let known = this.#means.get(kind);
      if (known === undefined) {
        if (this.#means.size >= MOST) continue;
        known = { mean: 0, frames: 0 };
        this.#means.set(kind, known);
      }
      known.frames += 1;
      known.mean += Math.max(1 / known.frames, WEIGHT) * (-Math.log(p) - known.mean);
    }
  }

  clear(): void {
    this.#means.clear();
  }

  list(): MemberOpinion[] {
    return [...this.#means].map(([detector, { mean }]) => {
      const pValue = Math.min(1, Math.exp(-mean));
      return { detector, pValue, agrees: pValue <= AGREES_P };
    });
  }

  toJSON(): Json {
    return [...this.#means].map(([kind, { mean, frames }]) => [kind, mean, frames]);
  }

  /** What cannot be read is left out: opinions explain, and decide nothing. */
  restore(state: Json | undefined): void {
    for (const one of Array.isArray(state) ? (state as readonly Json[]) : []) {
      const [kind, mean, frames] = Array.isArray(one) ? (one as readonly Json[]) : [];
      if (typeof kind === 'string' && typeof mean === 'number' && typeof frames === 'number')
        this.#means.set(kind, { mean, frames });
    }
  }
}
