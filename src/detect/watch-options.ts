import type { EntityId } from '../model/entity.ts';
import type { DetectDeps } from './detect-options.ts';
import type { WatchOptions } from './entity-watch.ts';
import { failureBounds } from './failure-bounds.ts';
import { residualFactory } from './residual-detector.ts';
import { localTime } from './seasonal/local-time.ts';

const DEFAULT_ADOPT_MS = 6 * 3_600_000;

/** What holds for one entity, with all defaults. */
export function watchOptions(
  { options }: Pick<DetectDeps, 'options'>,
  entity: EntityId,
  joint: NonNullable<WatchOptions['joint']>,
): WatchOptions {
  const { stepMs, timezone = 'UTC', seed = 0, adoptMs = DEFAULT_ADOPT_MS } = options;
  const failures = failureBounds(options.failures ?? [], entity);
  const settings = options.settingsOf(entity);
  const detector = options.detector?.(settings) ?? residualFactory(settings.warmUp, timezone);
  return { stepMs, seed, adoptMs, settings, detector, failures, zone: localTime(timezone), joint };
}
