import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EntityId } from '../model/entity.ts';
import type { Frame, FrameLayout, RollupFrame } from '../model/frame.ts';
import type { SampleBatch } from '../model/series.ts';
import type { FrameRules } from './entity-frames.ts';
import { PrepareCore } from './prepare-core.ts';

/** A stretch of the past, with samples a little before it, so that counters have where to begin. */
export interface PastStretch {
  readonly from: number;
  readonly to: number;
  /** Length of the frames. */
  readonly stepMs: number;
  readonly batches: readonly SampleBatch[];
}

export interface PastFrames {
  readonly frames: readonly Frame[];
  readonly minutes: readonly RollupFrame[];
}

/** What is known of an entity's frames: `layout` null when there were none, `grows` whether new features may be added. */
export interface KnownLayout {
  readonly layout: FrameLayout | null;
  readonly grows: boolean;
}

/**
 * Frames of a stretch of the past, made by what makes live ones. A layout that is in use only gets its own features:
 * features of long ago would stand where live frames will have others. Entities are given one after the other.
 */
export async function* framesOfPast(
  rules: FrameRules,
  { from, to, stepMs, batches }: PastStretch,
  known: (entity: EntityId) => KnownLayout | undefined,
): AsyncIterable<PastFrames> {
  const byEntity = new Map<EntityId, SampleBatch[]>();
  for (const batch of batches) byEntity.set(batch.entity, [...(byEntity.get(batch.entity) ?? []), batch]);
  for (const [entity, own] of byEntity) {
    const { layout, grows } = known(entity) ?? { layout: null, grows: true };
    if (layout === null && !grows) continue;
    const featuresPerEntity = grows || layout === null ? rules.featuresPerEntity : layout.features.length;
    // Whole batches come one after the other, each with its own series from beginning to end: nothing of them is late.
    const core = new PrepareCore({ ...rules, stepMs, latenessMs: to - from + 2 * stepMs, featuresPerEntity });
    core.admit(entity, { layout, newest: Number.NEGATIVE_INFINITY }, to);
    for (const batch of own) core.ingest(batch, to, 0);
    // The clock goes on until everything is closed.
    for (const _ of core.passTime(to, 2 * (to - from) + 10 * stepMs, 0)) await nextTurn();
    const within = ({ time }: { readonly time: number }): boolean => time >= from && time < to;
    const frames = core.outbox.frames.filter(within);
    yield { frames, minutes: core.outbox.rollups.filter(within) };
  }
}
