import { createRandom } from '../ml/random.ts';
import type { EntityId } from '../model/entity.ts';
import type { TrainingHistory, TrainingStretch } from '../model/trainer.ts';
import type { FrameColumns, Store, TimeRange } from '../store/store.ts';

/** History is read and left out by the hour. */
const BLOCK_MS = 3_600_000;
/** Frames of a second in an hour: no block has more. */
const BLOCK_ROWS = 3600;
/** A stretch with fewer rows shows no course. */
const LEAST_STRETCH = 8;
/** Numbers of one entity that are held at once: 8 MB. */
const MOST_VALUES = 2_000_000;

export interface HistoryQuery {
  readonly entity: EntityId;
  readonly range: TimeRange;
  /** Frames of a step are kept from here on; before it there are those of a minute. */
  readonly stepsFrom: number;
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

/**
 * One hour of each equal part of the window, chosen at random so that every time of day has its chance, and the newest
 * hour.
 */
function blocksOf({ range, cadenceMs, mostRows, seed }: HistoryQuery): readonly TimeRange[] {
  const first = Math.floor(range.from / BLOCK_MS);
  const last = Math.ceil(range.to / BLOCK_MS) - 1;
  const count = last - first + 1;
  const wanted = Math.max(1, Math.floor(mostRows / (BLOCK_MS / cadenceMs)));
  const random = createRandom(seed);
  const chosen =
    wanted >= count
      ? Array.from({ length: count }, (_, i) => first + i)
      : Array.from({ length: wanted }, (_, i) =>
          i === wanted - 1 ? last : first + Math.floor(((i + random.next()) * count) / wanted),
        );
  return [...new Set(chosen)].map((block) => ({
    from: Math.max(range.from, block * BLOCK_MS),
    to: Math.min(range.to, (block + 1) * BLOCK_MS),
  }));
}

/** Means over each cadence; several frames that fall into one become one row. */
function meansOf(columns: FrameColumns, features: readonly string[], cadenceMs: number): Taken {
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

/** Cuts rows into stretches at gaps and at what is left out. */
function cut(taken: Taken, spacing: number, without: readonly TimeRange[]): readonly Taken[] {
  const stretches: Taken[] = [];
  let open: Taken | null = null;
  let next = 0;
  taken.times.forEach((time, i) => {
    while (next < without.length && without[next]!.to <= time) next += 1;
    const out = without.slice(next, next + 8).some(({ from, to }) => time >= from && time < to);
    if (out) {
      open = null;
      return;
    }
    if (open === null || time - open.times.at(-1)! > spacing) {
      open = { times: [], rows: [] };
      stretches.push(open);
    }
    open.times.push(time);
    open.rows.push(taken.rows[i]!);
  });
  return stretches.filter(({ times }) => times.length >= LEAST_STRETCH);
}

/** Reads what may be learnt of one entity, an hour at a time; null when there is nothing. */
export async function readHistory(
  frames: Pick<Store['frames'], 'columns' | 'layout'>,
  query: HistoryQuery,
): Promise<TrainingHistory | null> {
  const { entity, cadenceMs, stepsFrom } = query;
  const layout = await frames.layout(entity);
  const features = layout?.features.map(({ name }) => name) ?? [];
  if (features.length === 0) return null;
  const mostRows = Math.min(query.mostRows, Math.floor(MOST_VALUES / features.length));
  const stretches: TrainingStretch[] = [];
  for (const range of blocksOf({ ...query, mostRows })) {
    const tier = range.from >= stepsFrom ? 'step' : 'minute';
    const columns = await frames.columns({ entity, tier, range, features: null, limit: BLOCK_ROWS });
    if (columns.times.length === 0) continue;
    const spacing = Math.max(cadenceMs, columns.stepMs);
    for (const part of cut(meansOf(columns, features, cadenceMs), spacing, query.without))
      stretches.push(stretchOf(part, features.length));
  }
  return stretches.length === 0 ? null : { entity, features, cadenceMs, stretches };
}
