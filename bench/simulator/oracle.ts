import type { Life } from './life.ts';
import { CHANNELS, noiseModel, type NoiseModel, statistics } from './oracle-statistics.ts';
import type { Told } from './judge.ts';

/** Alarms of an entity this near belong to one incident. */
const GROUP_MS = 3_600_000;
/** An entity that has not been heard of for so long is silent; a restart is over by then. */
const SILENT_MS = 240_000;
const DAY_MS = 86_400_000;
/** The tail of a channel beyond what the quiet lives showed falls exponentially, as their last so many values do. */
const TAIL_VALUES = 200;

/** What is not among so large a share of the quiet lives is not rare, and not told apart. */
const RARE_SHARE = 0.01;
/** Shares of the budget that false alarms may take on quiet lives: the rest is room for what is true. */
const SHARES = [0.02, 0.05, 0.1, 0.2, 0.4, 0.8] as const;

/** How rare a value of a channel is in quiet lives: -ln of the share that is larger. */
type Rarity = (value: number) => number;

function rarityOf(quiet: Float32Array): Rarity {
  const sorted = quiet.toSorted();
  const n = sorted.length;
  const edge = sorted[n - TAIL_VALUES]!;
  const common = sorted[Math.floor(n * (1 - RARE_SHARE))]!;
  const scale = Math.max(1e-9, sorted.subarray(n - TAIL_VALUES).reduce((sum, x) => sum + x - edge, 0) / TAIL_VALUES);
  return (value) => {
    if (value < common) return 0;
    if (value >= edge) return Math.log(n / TAIL_VALUES) + (value - edge) / scale;
    let [low, high] = [Math.floor(n * (1 - RARE_SHARE)), n];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return Math.log(n / Math.max(1, n - low));
  };
}

/** Knows of every entity its true mean, and from quiet lives of the same entity its noise and how rare what is. */
export interface Oracle {
  /**
   * What it tells of a fleet's lives, first come, first told, never more than the budget on any day; once for each of
   * several thresholds. Whoever judges takes the best: an oracle even knows how bold to be.
   */
  tell(lives: readonly Life[], alertsADay: number): readonly (readonly Told[])[];
}

interface Alarm {
  readonly entity: string;
  readonly from: number;
  to: number;
  /** Rarest moment. */
  peak: number;
}

/** Learns from quiet lives of every entity: the first tells the noise, all tell how rare its statistics are. */
export function createOracle(quiet: readonly (readonly Life[])[]): Oracle {
  const known = new Map<string, { readonly noise: NoiseModel; readonly rarities: readonly Rarity[] }>();
  const scored: (readonly [Life, Float32Array])[] = [];
  for (const life of quiet[0] ?? []) {
    const { id } = life.entity;
    const noise = noiseModel(life);
    const lives = quiet.map((run) => run.find(({ entity }) => entity.id === id)!);
    const channels = lives.map((one) => statistics(one, noise));
    const rarities = Array.from({ length: CHANNELS }, (_, channel) =>
      rarityOf(joined(channels.map((one) => one[channel]!))),
    );
    known.set(id, { noise, rarities });
    lives.forEach((one, run) => scored.push([one, rarest(channels[run]!, rarities)]));
  }
  const days = scored.reduce((sum, [{ span }]) => sum + (span.steps * span.stepMs) / DAY_MS, 0) / known.size;
  return {
    tell: (lives, alertsADay) => {
      const thresholds = SHARES.map((share) => solve(scored, share * alertsADay * days));
      const scores = lives.map((life) => {
        const { noise, rarities } = known.get(life.entity.id)!;
        return rarest(statistics(life, noise), rarities);
      });
      return thresholds.map((threshold) => {
        const alarms = lives.flatMap((life, place) => alarmsOf(life, scores[place]!, threshold));
        return withinCeiling(alarms, alertsADay);
      });
    },
  };
}

const joined = (parts: readonly Float32Array[]): Float32Array => {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

/** The rarest channel at every step. */
function rarest(channels: readonly Float32Array[], rarity: readonly Rarity[]): Float32Array {
  const out = new Float32Array(channels[0]!.length);
  for (let channel = 0; channel < CHANNELS; channel++) {
    const values = channels[channel]!;
    const rare = rarity[channel]!;
    for (let step = 0; step < out.length; step++) out[step] = Math.max(out[step]!, rare(values[step]!));
  }
  return out;
}

/** Stretches of one entity at or over the threshold, and those without a frame. */
function alarmsOf({ entity, span, absent }: Life, score: Float32Array, threshold: number): Alarm[] {
  const alarms: Alarm[] = [];
  let silent = 0;
  for (let step = 0; step < span.steps; step++) {
    silent = absent[step] === 1 ? silent + 1 : 0;
    const rare = silent * span.stepMs >= SILENT_MS ? Number.POSITIVE_INFINITY : silent > 0 ? 0 : score[step]!;
    if (rare < threshold) continue;
    const time = span.start + step * span.stepMs;
    const last = alarms.at(-1);
    if (last !== undefined && time - last.to < GROUP_MS) {
      last.to = time + span.stepMs;
      last.peak = Math.max(last.peak, rare);
    } else alarms.push({ entity: entity.id, from: time, to: time + span.stepMs, peak: rare });
  }
  return alarms;
}

/** The lowest threshold at which there are at most so many alarms, by bisection. */
function solve(scored: readonly (readonly [Life, Float32Array])[], most: number): number {
  let [low, high] = [-Math.log(RARE_SHARE), 60];
  for (let round = 0; round < 16; round++) {
    const middle = (low + high) / 2;
    const count = scored.reduce((sum, [life, score]) => sum + alarmsOf(life, score, middle).length, 0);
    if (count > most) low = middle;
    else high = middle;
  }
  return high;
}

/** First come, first told; what would be too many within a day is not. */
function withinCeiling(alarms: readonly Alarm[], alertsADay: number): Told[] {
  const told: Told[] = [];
  for (const { entity, from, to } of alarms.toSorted((a, b) => a.from - b.from)) {
    if (told.filter(({ at }) => at > from - DAY_MS).length >= alertsADay) continue;
    told.push({ at: from, severity: 'warning', spans: [{ entity, from, to }] });
  }
  return told;
}
