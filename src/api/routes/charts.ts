import { Type } from 'typebox';
import { VigiaError } from '../../runtime/errors.ts';
import type { FrameColumns } from '../../store/store.ts';
import type { Resource } from '../api-app.ts';
import { buildChart, type ChartPlan, MAX_POINTS, planChart } from '../chart.ts';
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

/** Frames of a step that begin so much later than what was asked for leave room for minutes, which may begin earlier. */
const LATE_START_MS = 600_000;

const beginOf = ({ times }: FrameColumns): number => times[0] ?? Number.POSITIVE_INFINITY;

/** The plan and its columns: in minutes where those reach further back than the steps, as after history was brought in. */
async function columnsOf(
  { store, options }: ApiDeps,
  { entity, features }: { readonly entity: string; readonly features: readonly string[] },
  {
    points,
    now,
    ...range
  }: { readonly from: number; readonly to: number; readonly points: number; readonly now: number },
) {
  const { stepMs, retention } = options;
  const read = (plan: ChartPlan): Promise<FrameColumns> =>
    store.frames.columns({
      entity,
      features,
      limit: Math.ceil((plan.to - plan.from + EXPECTED_BEFORE_MS) / plan.tierMs) + 1,
      tier: plan.tier,
      range: { from: plan.from, to: plan.to },
    });
  const plan = planChart(range, points, { stepMs, now, keptMs: retention });
  const columns = await read(plan);
  if (plan.tier !== 'step' || beginOf(columns) - plan.from < LATE_START_MS) return { plan, columns };
  const coarse = planChart(range, points, { stepMs, now, keptMs: { ...retention, steps: 0 } });
  const further = await read(coarse);
  return beginOf(further) < beginOf(columns) - LATE_START_MS ? { plan: coarse, columns: further } : { plan, columns };
}

async function chartOf(deps: ApiDeps, entity: string, query: Type.Static<typeof ChartQuery>): Promise<Chart> {
  const { store, clock } = deps;
  const now = clock.now();
  const range = chartRange(query, now);
  const current = await featuresOf(deps, entity);
  const units = new Map(current?.layout.features.map(({ name, unit }) => [name, unit]));
  const abnormal = current === null ? [] : featureViews(current).slice(0, 10);
  const names = query.features ?? abnormal.map(({ name }) => name);
  const { plan, columns } = await columnsOf(deps, { entity, features: names }, { ...range, points: query.points, now });
  const { from, to } = plan;
  const expected = await store.frames.columns({
    entity,
    features: names,
    limit: Math.ceil((to - from + EXPECTED_BEFORE_MS) / plan.tierMs) + 1,
    tier: 'expected',
    range: { from: from - EXPECTED_BEFORE_MS, to },
  });
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
