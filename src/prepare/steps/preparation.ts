import type { EntityId } from '../../model/entity.ts';
import type { PreparationStep, SeriesShape, StepRecord } from '../../model/preparation.ts';
import { canonicalKey } from '../../model/labels.ts';
import type { Series } from '../../model/series.ts';
import { stableId } from '../../runtime/ids.ts';

/** What became of a series on its way through all steps. */
export type Prepared =
  | { readonly series: Series; readonly scale: number; readonly offset: number }
  /** `step/reason`, as it is counted. */
  | { readonly dropped: string };

/** The steps of a configuration as one: the same for live frames, for history and for training. */
export interface Preparation {
  /** In the order in which they are taken. */
  readonly steps: readonly StepRecord[];
  /** Hash of all of them: equal versions make equal features of equal samples. */
  readonly version: string;
  of(series: Series): Prepared;
}

/** Anything about features that changed what frames hold, before there were steps. */
const CORE: StepRecord = { name: 'frames', version: '1' };
const REASON = /[^a-z0-9_-]+/gi;
const MAX_REASON = 60;

const sameShape = (a: SeriesShape, b: SeriesShape): boolean =>
  a.name === b.name && a.labels === b.labels && a.type === b.type && a.unit === b.unit;

const asSeries = (shape: SeriesShape, entity: EntityId): Series => ({
  ...shape,
  entity,
  key: canonicalKey(shape.name, shape.labels),
});

/** Puts steps one after the other. What is left out by one is not asked of the next. */
export function createPreparation(steps: readonly PreparationStep[]): Preparation {
  const records = [CORE, ...steps.map(({ name, version }) => ({ name, version }))];
  return {
    steps: records,
    version: stableId('prepare', ...records.flatMap(({ name, version }) => [name, version])),
    of: (series) => {
      const { entity } = series;
      let shape: SeriesShape = series;
      let [scale, offset] = [1, 0];
      for (const step of steps) {
        const result = step.prepare(shape, entity);
        if ('drop' in result)
          return { dropped: `${step.name}/${result.drop.replace(REASON, '_').slice(0, MAX_REASON)}` };
        shape = result.keep;
        offset = offset * (result.scale ?? 1) + (result.offset ?? 0);
        scale *= result.scale ?? 1;
      }
      return { series: sameShape(shape, series) ? series : asSeries(shape, entity), scale, offset };
    },
  };
}

/** Samples go on as they are. */
export const PLAIN_PREPARATION: Preparation = createPreparation([]);
