import type { Anomaly } from '../../model/anomaly.ts';
import type { EntityId } from '../../model/entity.ts';
import type { FeedbackRequest } from '../../model/feedback-request.ts';
import type { MissedAnomaly } from '../../model/feedback-rule.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { Store } from '../../store/store.ts';

export type Missed = MissedAnomaly;

/** What was missed for longer is no anomaly but a state of affairs. */
const MAX_MS = 7 * 86_400_000;
const MAX_SEEN = 100;

const drives = ({ contributions }: Anomaly, features: readonly string[]): boolean =>
  features.length === 0 || contributions.some(({ feature }) => features.includes(feature));

/**
 * The label of what was missed, and what was seen at that time without a word: anomalies that were only shown. Throws
 * `FEEDBACK_FOUND` when there was an alert for it, `BODY_INVALID` when the time makes no sense.
 */
export async function missedAnomalies(
  { anomalies }: Pick<Store, 'anomalies'>,
  asked: { readonly entity: EntityId; readonly missed: NonNullable<FeedbackRequest['missed']>; readonly now: number },
): Promise<{ readonly label: Missed; readonly seen: readonly Anomaly[] }> {
  const { entity, missed, now } = asked;
  const { from, to, kind = null, features = [] } = missed;
  if (to <= from || to - from > MAX_MS) {
    throw new VigiaError('BODY_INVALID', { detail: 'missed: "to" comes after "from", by 7 days at most' });
  }
  if (from > now) throw new VigiaError('BODY_INVALID', { detail: 'missed: "from" lies in the future' });
  const { items } = await anomalies.list({ limit: MAX_SEEN, cursor: null, entity, range: { from, to } });
  const seen = items.filter((anomaly) => (kind === null || anomaly.kind === kind) && drives(anomaly, features));
  const alert = seen.find(({ severity }) => severity !== 'info');
  if (alert !== undefined) throw new VigiaError('FEEDBACK_FOUND', { id: alert.id, severity: alert.severity });
  return { label: { from, to, kind, features }, seen };
}
