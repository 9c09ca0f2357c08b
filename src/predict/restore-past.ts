import type { Frame } from '../model/frame.ts';
import type { FrameStore, Tier } from '../store/store.ts';
import type { HeadroomHistory } from './headroom-history.ts';
import { headroomOf, type LimitedFeature } from './limited-features.ts';

const TIERS: readonly {
  readonly tier: Tier;
  readonly level: 0 | 1 | 2;
  readonly spanMs: number;
  readonly limit: number;
}[] = [
  { tier: 'hour', level: 2, spanMs: 14 * 86_400_000, limit: 336 },
  { tier: 'minute', level: 1, spanMs: 6 * 3_600_000, limit: 360 },
  { tier: 'step', level: 0, spanMs: 3_600_000, limit: 256 },
];

/** Fills a new history with what the store holds from before `frame`, oldest and coarsest first. */
export async function restorePast(
  frames: Pick<FrameStore, 'columns'>,
  history: HeadroomHistory,
  frame: Frame,
  limited: LimitedFeature,
): Promise<void> {
  const bound = 'index' in limited.limit ? frame.layout.features[limited.limit.index]?.name : undefined;
  const names = bound === undefined ? [limited.feature.name] : [limited.feature.name, bound];
  const pair: LimitedFeature = { ...limited, index: 0, limit: bound === undefined ? limited.limit : { index: 1 } };
  const values = new Float32Array(2);
  for (const { tier, level, spanMs, limit } of TIERS) {
    const range = { from: frame.time - spanMs, to: frame.time };
    const past = await frames.columns({ entity: frame.entity, tier, range, features: names, limit });
    const columns = names.map((name) => past.mean[past.features.indexOf(name)]);
    past.times.forEach((time, i) => {
      columns.forEach((column, place) => (values[place] = column?.[i] ?? Number.NaN));
      const { left } = headroomOf(pair, values);
      if (level === 0) history.push(time, left);
      else history.restore(level, time, left);
    });
  }
}
