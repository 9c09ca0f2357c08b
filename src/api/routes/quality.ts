import { Type } from 'typebox';
import { columnProfile } from '../../model/column-profile.ts';
import { EntityQuality, FeatureChoice, type FeatureProfile, Lineage } from '../../model/data-quality.ts';
import { EntityId, parseEntityId } from '../../model/entity.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { Store } from '../../store/store.ts';
import type { ApiApp, Resource } from '../api-app.ts';
import { QualityDetail } from '../contract/quality.ts';
import { PageOf } from '../contract/views.ts';
import { given, IdParameters, pageQuery, PageParameters, toPage } from '../queries.ts';

const DAY_MS = 86_400_000;
const MINUTES = 1440;

/** The usual values of each feature of one entity over the last day. */
async function profileOf(store: Store, entity: EntityId, now: number): Promise<FeatureProfile[]> {
  const range = { from: now - DAY_MS, to: now };
  const columns = await store.frames.columns({ entity, tier: 'minute', range, features: null, limit: MINUTES });
  return columns.features.flatMap((feature, f) => {
    const profile = columnProfile([columns.mean[f]!]);
    return profile === null ? [] : [{ feature, ...profile }];
  });
}

/** How good the data is: by entity, by feature, and what models were trained on. */
export const quality: Resource = (app, { store, clock }) => {
  app.get(
    '/quality',
    {
      schema: {
        summary: 'How good the data of each entity is, by id',
        querystring: Type.Object({ ...PageParameters, search: Type.Optional(Type.String({ maxLength: 512 })) }),
        response: { 200: PageOf(EntityQuality) },
      },
    },
    ({ query }) => toPage(store.quality.list({ ...pageQuery(query), ...given({ search: query.search }) })),
  );

  app.get(
    '/quality/entity',
    {
      schema: {
        summary:
          'The data of one entity: what came, what was dropped, which features models get, what is usual in them',
        querystring: Type.Object({ entity: EntityId }),
        response: { 200: QualityDetail },
      },
    },
    async ({ query: { entity } }): Promise<QualityDetail> => {
      const [found, choice] = await Promise.all([
        store.quality.get(entity),
        store.choices.get(parseEntityId(entity).kind),
      ]);
      if (found === null) throw new VigiaError('NOT_FOUND', { what: 'entity', id: entity });
      return { quality: found, choice, profile: await profileOf(store, entity, clock.now()) };
    },
  );

  addFeatures(app, store);
};

/** What models are given, and what they were trained on. */
const addFeatures = (app: ApiApp, store: Store): void => {
  app.get(
    '/quality/features',
    {
      schema: {
        summary: 'Which features of an entity kind models get, which not and why, and what is usual in them',
        querystring: Type.Object({ kind: Type.String({ minLength: 1, maxLength: 100 }) }),
        response: { 200: FeatureChoice },
      },
    },
    async ({ query: { kind } }): Promise<FeatureChoice> => {
      const choice = await store.choices.get(kind);
      if (choice === null) throw new VigiaError('NOT_FOUND', { what: 'choice of features', id: kind });
      return choice;
    },
  );

  app.get(
    '/models/:id/lineage',
    {
      schema: {
        summary: 'What a model was trained on: which data, and the version of each step that prepared it',
        params: IdParameters,
        response: { 200: Lineage },
      },
    },
    async ({ params: { id } }): Promise<Lineage> => {
      const lineage = await store.lineages.of(id);
      if (lineage === null) throw new VigiaError('NOT_FOUND', { what: 'lineage', id });
      return lineage;
    },
  );
};
