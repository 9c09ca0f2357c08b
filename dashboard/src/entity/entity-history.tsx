import type { ReactNode } from 'react';
import type { Anomaly } from '../../../src/model/anomaly.ts';
import type { Event } from '../../../src/model/event.ts';
import type { Failure } from '../../../src/model/failure.ts';
import type { Prediction } from '../../../src/model/prediction.ts';
import { duration } from '../format/duration.ts';
import { risk } from '../format/prediction.ts';
import { shortFeature } from '../format/names.ts';
import type { PageWords } from '../text/page-words.ts';
import { useWords } from '../text/words.ts';
import { Section } from '../ui/section.tsx';
import { StateIcon } from '../ui/severity.tsx';
import { Empty } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';

interface Line {
  readonly key: string;
  readonly time: number;
  readonly severity: Anomaly['severity'];
  readonly title: string;
  readonly detail: string;
}

/** Lines at once; a longer range has them all in the charts. */
const MOST_LINES = 100;

/** What had been said of it before a failure: the newest prediction that was made before, or that there was none. */
function saidBefore(words: PageWords, failure: Failure, predictions: readonly Prediction[]): string {
  const [last] = predictions
    .filter(({ openedAt }) => openedAt < failure.start)
    .toSorted((a, b) => b.openedAt - a.openedAt);
  if (last === undefined) return words.say('dashboard-entity.notSaid');
  const lead = duration(words, Math.round((failure.start - last.openedAt) / 1000));
  return words.say('dashboard-entity.saidBefore', { lead, risk: risk(words, last) });
}

function linesOf(words: PageWords, { anomalies, predictions, events, failures }: HistoryProps): readonly Line[] {
  const lines: readonly Line[] = [
    ...anomalies.map((anomaly) => ({
      key: anomaly.id,
      time: anomaly.start,
      severity: anomaly.severity,
      title: words.name('anomaly', anomaly.kind),
      detail: anomaly.contributions
        .slice(0, 2)
        .map(({ feature }) => shortFeature(feature))
        .join(', '),
    })),
    ...failures.map((failure) => ({
      key: failure.id,
      time: failure.start,
      severity: 'critical' as const,
      title: words.say('dashboard-entity.failure', { kind: failure.kind }),
      detail: [saidBefore(words, failure, predictions), failure.note].filter((part) => part !== '').join(' '),
    })),
    ...predictions.map((prediction) => ({
      key: prediction.id,
      time: prediction.closedAt ?? prediction.openedAt,
      severity: prediction.severity,
      title: `${words.name('predictionState', prediction.state)}: ${prediction.feature === null ? words.name('prediction', prediction.kind) : shortFeature(prediction.feature)}`,
      detail: [
        prediction.state === 'open' ? '' : words.phrase(prediction.reason),
        words.say('dashboard-entity.wasSaid', { risk: risk(words, prediction) }),
      ]
        .filter((part) => part !== '')
        .join(' '),
    })),
    ...events.map((event) => ({
      key: event.id,
      time: event.time,
      severity: event.severity,
      title: words.name('event', event.name),
      detail: event.text,
    })),
  ];
  return lines.toSorted((a, b) => b.time - a.time).slice(0, MOST_LINES);
}

interface HistoryProps {
  readonly anomalies: readonly Anomaly[];
  readonly predictions: readonly Prediction[];
  readonly events: readonly Event[];
  readonly failures: readonly Failure[];
}

function HistoryLine({ line }: { readonly line: Line }): ReactNode {
  return (
    <li className="flex items-start gap-3 py-2.5">
      <span className="mt-0.5">
        <StateIcon state={line.severity} size={16} />
      </span>
      <span className="min-w-0 flex-1">
        <span className="block font-medium">{line.title}</span>
        <span className="block text-sm break-words text-muted">{line.detail}</span>
      </span>
      <span className="text-sm text-muted">
        <When time={line.time} />
      </span>
    </li>
  );
}

/** What happened in the range shown, and what had been said before. */
export function EntityHistory(props: HistoryProps) {
  const words = useWords();
  const lines = linesOf(words, props);
  return (
    <Section title={words.say('dashboard-entity.history')} note={words.say('dashboard-entity.historyNote')}>
      {lines.length === 0 ? (
        <Empty title={words.say('dashboard-entity.historyEmpty')} />
      ) : (
        <ul className="card divide-y divide-line px-5 py-1.5">
          {lines.map((line) => (
            <HistoryLine key={line.key} line={line} />
          ))}
        </ul>
      )}
    </Section>
  );
}
