import { VigiaError } from '../../runtime/errors.ts';
import type { Resource } from '../api-app.ts';
import { FeatureView, PageOf } from '../contract/views.ts';
import type { ApiDeps, CurrentFeatures } from '../deps.ts';
import { featureViews } from '../entity-view.ts';
import { EntityParameters } from './entities.ts';

/** How far back the newest value is looked for. */
const NEWEST_WITHIN_MS = 86_400_000;

/** What the store knows of an entity's newest frame, for when another process has its state. */
async function storedFeatures({ store, clock }: ApiDeps, entity: string): Promise<CurrentFeatures | null> {
  const layout = await store.frames.layout(entity);
  if (layout === null) return null;
  const range = { from: clock.now() - NEWEST_WITHIN_MS, to: clock.now() + NEWEST_WITHIN_MS };
  const [values, expected] = await Promise.all(
    (['step', 'expected'] as const).map((tier) =>
      store.frames.columns({ entity, tier, range, features: null, limit: 1 }),
    ),
  );
  const column = (from: typeof values, part: 'mean' | 'low' | 'high'): Float32Array =>
    Float32Array.from(layout.features, ({ name }) => from?.[part][from.features.indexOf(name)]?.at(-1) ?? Number.NaN);
  return {
    time: values?.times.at(-1) ?? 0,
    layout,
    values: column(values, 'mean'),
    expected: column(expected, 'mean'),
    low: column(expected, 'low'),
    high: column(expected, 'high'),
    scores: new Float32Array(layout.features.length).fill(Number.NaN),
  };
}

/** Everything known of the features of an entity now; null when it has none yet, `NOT_FOUND` when there is no such entity. */
export async function featuresOf(deps: ApiDeps, entity: string): Promise<CurrentFeatures | null> {
  const current = deps.current(entity) ?? (await storedFeatures(deps, entity));
  if (current === null && (await deps.store.entities.get(entity)) === null) {
    throw new VigiaError('NOT_FOUND', { what: 'entity', id: entity });
  }
  return current;
}

export const features: Resource = (app, deps) => {
  app.get(
    '/entities/:kind/:name/features',
    {
      schema: {
        summary: 'Features of an entity as they are now, the most abnormal first',
        params: EntityParameters,
        response: { 200: PageOf(FeatureView) },
      },
    },
    async ({ params }) => {
      const current = await featuresOf(deps, `${params.kind}/${params.name}`);
      return { items: current === null ? [] : featureViews(current), next: null };
    },
  );
};
