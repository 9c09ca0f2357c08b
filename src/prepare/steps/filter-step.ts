import { matchesPattern } from '../../model/action-definition.ts';
import type { EntityId } from '../../model/entity.ts';
import type { Labels } from '../../model/labels.ts';
import type { PreparationStep, SeriesShape } from '../../model/preparation.ts';
import { stableId } from '../../runtime/ids.ts';

/** Which series a rule is about; what is left out fits everything. `*` stands for anything. */
export interface FilterRule {
  /** Under this name it is counted. */
  readonly name: string;
  readonly action: 'keep' | 'drop';
  readonly metric?: string | undefined;
  readonly labels?: Labels | undefined;
  readonly entity?: string | undefined;
}

const fits = ({ metric, labels, entity }: FilterRule, series: SeriesShape, of: EntityId): boolean =>
  (metric === undefined || matchesPattern(metric, series.name)) &&
  (entity === undefined || matchesPattern(entity, of)) &&
  Object.entries(labels ?? {}).every(([label, pattern]) => matchesPattern(pattern, series.labels[label] ?? ''));

/** The first rule that fits a series decides; a series that none fits goes on. */
export const createFilterStep = (rules: readonly FilterRule[]): PreparationStep => ({
  name: 'filters',
  version: stableId('filters', JSON.stringify(rules)),
  prepare: (series, entity) => {
    const rule = rules.find((one) => fits(one, series, entity));
    return rule?.action === 'drop' ? { drop: rule.name } : { keep: series };
  },
});
