import type { Anomaly } from '../../model/anomaly.ts';
import { type FeedbackRule, likenessOf, type RuleLevel, type Whereabouts } from '../../model/feedback-rule.ts';

/** Look-alikes of more would be look-alikes of everything. */
const MAX_ALIKE = 30;

/** An anomaly that is not hidden for what people or noise say, or would not be. */
export const alerting = ({ severity, heldBack }: Pick<Anomaly, 'severity' | 'heldBack'>): boolean =>
  severity !== 'info' || heldBack !== null;

/** The rule for look-alikes of these anomalies; null when there is none that it could be about. */
export function makeRule(
  anomalies: readonly Anomaly[],
  options: {
    readonly effect: FeedbackRule['effect'];
    readonly level: RuleLevel;
    readonly until: number | null;
    readonly whereabouts: (anomaly: Anomaly) => Whereabouts;
  },
): FeedbackRule | null {
  const { effect, level, until, whereabouts } = options;
  const alike = anomalies.slice(0, MAX_ALIKE).flatMap((anomaly) => {
    const where = whereabouts(anomaly)[level];
    return where === null ? [] : [{ ...likenessOf(anomaly), where }];
  });
  return alike.length === 0 ? null : { effect, level, alike, until };
}
