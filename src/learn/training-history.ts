import { createRandom } from '../ml/random.ts';
import type { EntityId } from '../model/entity.ts';
import { isSessionMetric } from '../model/log-sequence.ts';
import type { TrainingHistory, TrainingStretch } from '../model/trainer.ts';
import type { FrameColumns, Store, TimeRange } from '../store/store.ts';

/** History is read in pieces of so many rows, so that nothing else waits long for the store. */
const PIECE_ROWS = 720;
const MINUTE_MS = 60_000;
/** Of an entity's rows this share is its newest frames; the rest are minutes of its past, which reach further. */
const RECENT_SHARE = 0.34;
/** A stretch with fewer rows shows no course. */
const LEAST_STRETCH = 8;
/** Numbers of one entity that are held at once: 8 MB. */
const MOST_VALUES = 2_000_000;

export interface HistoryQuery {
  readonly entity: EntityId;
  readonly range: TimeRange;
  /** Frames of a step are kept from here on; before it there are those of a minute. */
  readonly stepsFrom: number;
  readonly stepMs: number;
  readonly cadenceMs: number;
  readonly mostRows: number;
  /** In order: what must not be learnt. */
  readonly without: readonly TimeRange[];
  readonly seed: number;
}

/** Rows that are being put together. */
interface Taken {
  readonly times: number[];
  readonly rows: Float32Array[];
}

interface Part {
  readonly tier: 'step' | 'minute';
  readonly range: TimeRange;
}

/**
 * The newest frames, and before them minutes: all there are, or where that is too much a stretch that lies somewhere in
 * the window, so that siblings together show every day of it.
 */
function partsOf({ range, stepsFrom, cadenceMs, mostRows, seed }: HistoryQuery): readonly Part[] {
  const steps = { from: Math.max(range.from, stepsFrom), to: range.to };
  const recentMs = Math.ceil(RECENT_SHARE * mostRows) * cadenceMs;
  const all = (range.to - range.from) / cadenceMs <= mostRows && steps.from === range.from;
  const recent = { from: all ? range.from : Math.max(steps.from, range.to - recentMs), to: range.to };
  const room = recent.from - range.from;
  const pastMs = Math.min(room, (1 - RECENT_SHARE) * mostRows * Math.max(MINUTE_MS, cadenceMs));
  if (pastMs < MINUTE_MS) return [{ tier: 'step', range: recent }];
  const from = range.from + createRandom(seed).next() * (room - pastMs);
  return [
    { tier: 'minute', range: { from, to: from + pastMs } },
    { tier: 'step', range: recent },
  ];
}

/** A part in pieces that are read one by one. */
function* piecesOf({ tier, range }: Part, stepMs: number): Iterable<TimeRange> {
  const length = PIECE_ROWS * (tier === 'step' ? stepMs : Math.max(MINUTE_MS, stepMs));
  for (let from = range.from; from < range.to; from += length) yield { from, to: Math.min(range.to, from + length) };
}

/** Means over each cadence; several frames that fall into one become one row. */
export function meansOf(columns: FrameColumns, features: readonly string[], cadenceMs: number): Taken {
  const places = features.map((name) => columns.features.indexOf(name));
  const taken: Taken = { times: [], rows: [] };
  let counts = new Uint16Array(features.length);
  columns.times.forEach((at, i) => {
    const time = Math.floor(at / cadenceMs) * cadenceMs;
    if (taken.times.at(-1) !== time) {
      taken.times.push(time);
      taken.rows.push(new Float32Array(features.length).fill(Number.NaN));
      counts = new Uint16Array(features.length);
    }
    const row = taken.rows.at(-1)!;
    places.forEach((place, f) => {
      const value = place < 0 ? Number.NaN : columns.mean[place]![i]!;
      if (!Number.isFinite(value)) return;
      counts[f] = counts[f]! + 1;
      row[f] = counts[f] === 1 ? value : row[f]! + (value - row[f]!) / (counts[f] ?? 1);
    });
  });
  return taken;
}

function stretchOf({ times, rows }: Taken, features: number): TrainingStretch {
  const values = new Float32Array(rows.length * features);
  rows.forEach((row, i) => values.set(row, i * features));
  return { times: Float64Array.from(times), values };
}

/** Puts rows into stretches that end at gaps and at what is left out. */
class Stretches {
  readonly #without: readonly TimeRange[];
  readonly #all: Taken[] = [];
  #open: Taken | null = null;
  #next = 0;

  constructor(without: readonly TimeRange[]) {
    this.#without = without;
  }

  /** Rows in the order of time; a new part of the history may be told by `spacing` alone. */
  add(taken: Taken, spacing: number): void {
    taken.times.forEach((time, i) => {
      if (this.#isOut(time)) {
        this.#open = null;
        return;
      }
      if (this.#open === null || time - this.#open.times.at(-1)! > spacing) {
        this.#open = { times: [], rows: [] };
        this.#all.push(this.#open);
      }
      this.#open.times.push(time);
      this.#open.rows.push(taken.rows[i]!);
    });
  }

  #isOut(time: number): boolean {
    const without = this.#without;
    while (this.#next < without.length && without[this.#next]!.to <= time) this.#next += 1;
    // They are in the order of their starts, so a later one that has begun lies near.
    for (let at = this.#next; at < without.length && without[at]!.from <= time; at++)
      if (time < without[at]!.to) return true;
    return false;
  }

  take(features: number): readonly TrainingStretch[] {
    return this.#all.filter(({ times }) => times.length >= LEAST_STRETCH).map((one) => stretchOf(one, features));
  }
}

/** Reads what may be learnt of one entity, piece by piece; null when there is nothing. */
export async function readHistory(
  frames: Pick<Store['frames'], 'columns' | 'layout'>,
  query: HistoryQuery,
): Promise<TrainingHistory | null> {
  const { entity, cadenceMs, stepMs } = query;
  const layout = await frames.layout(entity);
  const features = layout?.features.flatMap(({ name, metric }) => (isSessionMetric(metric) ? [] : [name])) ?? [];
  if (features.length === 0) return null;
  const mostRows = Math.min(query.mostRows, Math.floor(MOST_VALUES / features.length));
  const stretches = new Stretches(query.without);
  for (const part of partsOf({ ...query, mostRows })) {
    for (const range of piecesOf(part, stepMs)) {
      const columns = await frames.columns({ entity, tier: part.tier, range, features: null, limit: PIECE_ROWS });
      if (columns.times.length > 0)
        stretches.add(meansOf(columns, features, cadenceMs), Math.max(cadenceMs, columns.stepMs));
    }
  }
  const found = stretches.take(features.length);
  return found.length === 0 ? null : { entity, features, cadenceMs, stretches: found };
}
