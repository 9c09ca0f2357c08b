import { duration } from '../format/duration.ts';
import { formatNumber } from '../../../src/text/format.ts';
import type { Anomaly } from '../../../src/model/anomaly.ts';
import { Link } from 'wouter';
import { entityHref } from '../format/names.ts';
import { useWords } from '../text/words.ts';
import { Contributions } from './contributions.tsx';
import { StateIcon } from './severity.tsx';
import { When } from './when.tsx';

/** An anomaly in full: what kind, since when, how sure, why that severity, and which features. */
export function AnomalyCard({
  anomaly,
  withEntity = false,
}: {
  readonly anomaly: Anomaly;
  readonly withEntity?: boolean;
}) {
  const words = useWords();
  const notes = [
    words.phrase(anomaly.severityReason),
    ...(anomaly.provisional ? [words.say('dashboard.provisional')] : []),
    ...(anomaly.heldBack === null ? [] : [words.phrase(anomaly.heldBack)]),
  ];
  return (
    <article className="card p-5">
      <h3 className="flex flex-wrap items-center gap-2 font-semibold">
        <StateIcon state={anomaly.severity} />
        {words.name('anomaly', anomaly.kind)}
        {withEntity && (
          <Link href={entityHref(anomaly.entity)} className="quiet-link font-normal text-muted">
            {anomaly.entity}
          </Link>
        )}
        <span className="text-sm font-normal text-muted">
          {words.name('state', anomaly.severity)} · <When time={anomaly.start} />
          {anomaly.end !== null &&
            ` · ${words.say('dashboard.lasted', { duration: duration(words, (anomaly.end - anomaly.start) / 1000) })}`}
          {anomaly.end === null && ` · ${words.say('dashboard.stillOpen')}`}
        </span>
      </h3>
      <p className="mt-1 mb-3 text-sm text-muted">
        {notes.join(' ')}{' '}
        <span title={`p = ${anomaly.pValue}`}>
          {words.say('dashboard.chance', {
            one: formatNumber(words.language, Math.round(1 / Math.max(1e-12, anomaly.pValue))),
          })}
        </span>
      </p>
      <Contributions contributions={anomaly.contributions} />
    </article>
  );
}
