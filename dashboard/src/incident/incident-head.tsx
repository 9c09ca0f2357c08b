import type { IncidentDetail } from '../../../src/api/contract/views.ts';
import { Link } from 'wouter';
import { useFeedback } from '../api/changes.ts';
import { entityHref } from '../format/names.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Group } from '../ui/group.tsx';
import { PageTitle } from '../ui/section.tsx';
import { StateBadge } from '../ui/severity.tsx';
import { Failed } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';

function Verdict({ detail }: { readonly detail: IncidentDetail }) {
  const words = useWords();
  const feedback = useFeedback();
  const last = detail.feedback
    .filter(({ target }) => target === 'incident')
    .toSorted((a, b) => b.time - a.time)[0]?.verdict;
  return (
    <div>
      <Group label={words.say('dashboard-incident.wasItReal')} className="flex gap-2">
        {(['real', 'false_alarm'] as const).map((verdict) => (
          <Button
            key={verdict}
            aria-pressed={last === verdict}
            busy={feedback.isPending}
            onClick={() => feedback.mutate({ target: 'incident', targetId: detail.incident.id, verdict, note: '' })}
            className="aria-pressed:border-accent aria-pressed:bg-accent-soft"
          >
            {words.name('feedback', verdict)}
          </Button>
        ))}
      </Group>
      {feedback.error !== null && <Failed error={feedback.error} />}
    </div>
  );
}

/** What it is, since when, and what is thought to be the root of it. */
export function IncidentHead({ detail }: { readonly detail: IncidentDetail }) {
  const words = useWords();
  const { incident } = detail;
  const others = incident.entities.filter((id) => id !== incident.root);
  return (
    <div>
      <div className="mb-2 flex flex-wrap items-center gap-3 text-sm text-muted">
        <StateBadge state={incident.severity} />
        <span>
          {incident.resolvedAt === null ? (
            <>
              {words.say('dashboard-incident.openSince')} <When time={incident.openedAt} />
            </>
          ) : (
            <>
              {words.say('dashboard-incident.resolvedSince')} <When time={incident.resolvedAt} />
            </>
          )}
          {incident.reopened > 0 && ` · ${words.say('dashboard-incident.reopened', { count: incident.reopened })}`}
        </span>
      </div>
      <PageTitle title={words.phrase(incident.title)}>
        <Verdict detail={detail} />
      </PageTitle>
      <p className="-mt-3">
        {words.say('dashboard-incident.root')}{' '}
        <Link href={entityHref(incident.root)} className="font-medium text-accent underline underline-offset-3">
          {incident.root}
        </Link>
        . <span className="text-muted">{words.phrase(incident.rootReason)}</span>
      </p>
      {others.length > 0 && (
        <p className="mt-1 text-sm break-words text-muted">
          {words.say('dashboard-incident.alsoAffected', { count: others.length, names: others.slice(0, 6).join(', ') })}
          {others.length > 6 && ' …'}
        </p>
      )}
    </div>
  );
}
