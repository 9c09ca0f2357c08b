import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { ConcernedAlert, FeedbackPreview } from '../../../src/model/feedback-request.ts';
import { previewFeedback, type Saying } from '../api/changes.ts';
import { incidentHref } from '../format/names.ts';
import { useWords } from '../text/words.ts';
import { StateIcon } from '../ui/severity.tsx';
import { Failed } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';

/** What a word would change; asked anew when it changes, never kept. */
export const usePreview = (said: Saying) =>
  useQuery({
    queryKey: ['feedback-preview', said],
    queryFn: () => previewFeedback(said),
    placeholderData: keepPreviousData,
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
    refetchOnWindowFocus: false,
  });

/** Alerts in sight at once; the rest behind a press. */
const SHOWN = 5;

function AlertLine({ alert }: { readonly alert: ConcernedAlert }) {
  const words = useWords();
  return (
    <li className="flex items-start gap-2.5 py-2">
      <span className="mt-0.5">
        <StateIcon state={alert.severity} size={16} />
      </span>
      <span className="min-w-0 flex-1">
        <Link href={incidentHref(alert.incident)} className="quiet-link break-words">
          {words.phrase(alert.title)}
        </Link>
        {alert.confirmed && (
          <span className="ml-2 rounded-full bg-warning-soft px-2 text-xs font-medium whitespace-nowrap text-warning">
            {words.say('dashboard-feedback.confirmed')}
          </span>
        )}
        {alert.why !== null && <span className="block text-muted">{words.phrase(alert.why)}</span>}
      </span>
      <span className="text-muted">
        <When time={alert.openedAt} />
      </span>
    </li>
  );
}

function Alerts({ title, alerts }: { readonly title: string; readonly alerts: readonly ConcernedAlert[] }) {
  const words = useWords();
  const rest = alerts.slice(SHOWN);
  if (alerts.length === 0) return null;
  return (
    <div className="text-sm">
      <h3 className="font-medium">
        {title} <span className="font-normal text-muted">{alerts.length}</span>
      </h3>
      <ul className="divide-y divide-line">
        {alerts.slice(0, SHOWN).map((alert) => (
          <AlertLine key={alert.incident} alert={alert} />
        ))}
      </ul>
      {rest.length > 0 && (
        <details>
          <summary className="inline-block py-1 text-accent">
            {words.say('dashboard.showMore', { count: rest.length })}
          </summary>
          <ul className="divide-y divide-line">
            {rest.map((alert) => (
              <AlertLine key={alert.incident} alert={alert} />
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function Told({ preview }: { readonly preview: FeedbackPreview }) {
  const words = useWords();
  const look = preview.lost > 0 ? 'bg-warning-soft text-warning' : 'bg-accent-soft';
  return (
    <>
      <p className={`rounded-lg px-4 py-3 font-medium ${look}`}>
        {words.phrase(preview.summary)}
        {!preview.complete && (
          <span className="mt-1 block text-sm font-normal">{words.say('dashboard-feedback.incomplete')}</span>
        )}
      </p>
      <Alerts title={words.say('dashboard-feedback.removed')} alerts={preview.alerts.removed} />
      <Alerts title={words.say('dashboard-feedback.kept')} alerts={preview.alerts.kept} />
    </>
  );
}

/** The consequence in one sentence, and the alerts behind it. */
export function Preview({ query }: { readonly query: UseQueryResult<FeedbackPreview> }) {
  const words = useWords();
  if (query.error !== null) return <Failed error={query.error} />;
  return (
    <div aria-live="polite" aria-busy={query.isFetching} className={query.isFetching ? 'opacity-60' : ''}>
      {query.data === undefined ? (
        <p className="rounded-lg bg-sunken px-4 py-3 text-muted">{words.say('dashboard-feedback.previewing')}</p>
      ) : (
        <div className="space-y-3">
          <Told preview={query.data} />
        </div>
      )}
    </div>
  );
}
