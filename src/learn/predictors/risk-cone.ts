import { type EntityId, parseEntityId } from '../../model/entity.ts';
import type { RiskCone } from '../../model/model-report.ts';
import type { Store, TimeRange } from '../../store/store.ts';
import type { Lifecycle } from './model-lifecycle.ts';

const MOST_POINTS = 1000;

/** What the model in force for its kind said of an entity over time. */
export async function coneOf(
  { store, lifecycle }: { readonly store: Pick<Store, 'forecasts'>; readonly lifecycle: Pick<Lifecycle, 'of'> },
  entity: EntityId,
  range: TimeRange,
): Promise<RiskCone> {
  const models = await lifecycle.of(parseEntityId(entity).kind);
  const champion = models.find(({ state }) => state === 'champion');
  if (champion?.detail === undefined || champion.detail === null) return { model: null, horizons: [], points: [] };
  const points = await store.forecasts.of(champion.id, { entity, range, limit: MOST_POINTS });
  return {
    model: champion.id,
    horizons: champion.detail.horizons.map(({ seconds }) => seconds),
    points: points.map(({ time, probabilities }) => ({ time, probabilities: [...probabilities] })),
  };
}
