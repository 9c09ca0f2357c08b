import { Type } from 'typebox';
import { VigiaError } from '../../runtime/errors.ts';
import type { Resource } from '../api-app.ts';
import { buildChart, MAX_POINTS, planChart } from '../chart.ts';
import { Chart } from '../contract/views.ts';
import type { ApiDeps } from '../deps.ts';
import { featureViews } from '../entity-view.ts';
import { RangeParameters } from '../queries.ts';
import { EntityParameters } from './entities.ts';
import { featuresOf } from './features.ts';

/** Features of one chart request. */
const MAX_FEATURES = 50;
const DEFAULT_POINTS = 400;
const DEFAULT_RANGE_MS = 3_600_000;
/** Longest range a chart may have: all that is ever kept, 400 days, and as much again. */
const MAX_RANGE_MS = 800 * 86_400_000;
/** The range of a chart, checked. */
function chartRange(query: { readonly from?: number; readonly to?: number }, now: number) {
  const to = query.to ?? now;
  const from = query.from ?? to - DEFAULT_RANGE_MS;
  if (from >= to) throw new VigiaError('BODY_INVALID', { detail: 'from >= to' });
  if (to - from > MAX_RANGE_MS) throw new VigiaError('BODY_INVALID', { detail: `to - from > ${MAX_RANGE_MS}` });
  return { from, to };
}

const ChartQuery = Type.Object({
  ...RangeParameters,
  features: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 2000 }), {
      maxItems: MAX_FEATURES,
      description: 'Names; without any, the ten most abnormal.',
    }),
  ),
  points: Type.Integer({ minimum: 2, maximum: MAX_POINTS, default: DEFAULT_POINTS }),
});

/** Time before the range in which an expectation is looked for that still holds at its beginning. */
const EXPECTED_BEFORE_MS = 60_000;

async function chartOf(deps: ApiDeps, entity: string, query: Type.Static<typeof ChartQuery>): Promise<Chart> {
  const { store, clock, options } = deps;
  const now = clock.now();
  const range = chartRange(query, now);
  const current = await featuresOf(deps, entity);
  const units = new Map(current?.layout.features.map(({ name, unit }) => [name, unit]));
  const abnormal = current === null ? [] : featureViews(current).slice(0, 10);
  const names = query.features ?? abnormal.map(({ name }) => name);
  const plan = planChart(range, query.points, { stepMs: options.stepMs, now, keptMs: options.retention });
  const { from, to } = plan;
  const ask = { entity, features: names, limit: Math.ceil((to - from + EXPECTED_BEFORE_MS) / plan.tierMs) + 1 };
  const [columns, expected] = await Promise.all([
    store.frames.columns({ ...ask, tier: plan.tier, range: { from, to } }),
    store.frames.columns({ ...ask, tier: 'expected', range: { from: from - EXPECTED_BEFORE_MS, to } }),
  ]);
  const wanted = names.map((name) => ({ name, unit: units.get(name) ?? '' }));
  return { entity, ...buildChart(plan, columns, expected, wanted) };
}

export const charts: Resource = (app, deps) => {
  app.get(
    '/entities/:kind/:name/chart',
    {
      schema: {
        summary: 'Values of some features over time, reduced so that peaks survive',
        params: EntityParameters,
        querystring: ChartQuery,
        response: { 200: Chart },
      },
    },
    ({ params, query }) => chartOf(deps, `${params.kind}/${params.name}`, query),
  );
};
