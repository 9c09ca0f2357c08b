import { canonicalKey } from '../../model/labels.ts';
import type { ToldEvent } from '../../model/told-event.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { isObject, MAX_TEXT, scalarLabels, severityOf, timeOf } from './told-event.ts';

/** Where people write what an alert says, the most telling first. */
const SAYING = ['summary', 'description', 'message', 'title'] as const;

function alertOf(found: unknown, source: string, now: number): ToldEvent {
  if (!isObject(found)) throw new VigiaError('BODY_INVALID', { detail: 'alerts: must be a list of objects' });
  const { status, startsAt, endsAt, fingerprint } = found;
  if (status !== 'firing' && status !== 'resolved') {
    throw new VigiaError('BODY_INVALID', { detail: 'alerts.status: must be firing or resolved' });
  }
  const labels = scalarLabels(found['labels']);
  const annotations = scalarLabels(found['annotations']);
  const said = SAYING.flatMap((name) => annotations[name] ?? [])[0] ?? labels['alertname'] ?? '';
  const time = timeOf(status === 'resolved' ? endsAt : startsAt, now);
  const began = typeof startsAt === 'string' ? startsAt : '';
  const known = typeof fingerprint === 'string' && fingerprint !== '' ? fingerprint : canonicalKey('', labels);
  return {
    // An alert that goes on is told again and again with the same beginning.
    identity: [source, known, began, status],
    time,
    name: 'alert',
    source,
    severity: status === 'resolved' ? 'info' : severityOf(labels['severity'], 'warning'),
    text: said.slice(0, MAX_TEXT),
    labels: { ...labels, status },
  };
}

/**
 * The alerts of a webhook of Alertmanager (version 4), or of Grafana, which sends the same and more: one event `alert`
 * each, with the labels of the alert and `status`, at the time when it began or ended. Throws `BODY_INVALID`.
 */
export function toldAlerts(body: unknown, source: string, now: number): readonly ToldEvent[] {
  const alerts = isObject(body) ? body['alerts'] : undefined;
  if (!Array.isArray(alerts)) throw new VigiaError('BODY_INVALID', { detail: 'alerts: must be a list' });
  return alerts.map((alert) => alertOf(alert, source, now));
}
