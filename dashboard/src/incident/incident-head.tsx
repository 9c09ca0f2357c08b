import type { IncidentDetail } from '../../../src/api/contract/views.ts';
import { Link } from 'wouter';
import { useSilences } from '../api/queries.ts';
import { Verdicts } from '../feedback/verdicts.tsx';
import { entityHref, incidentHref } from '../format/names.ts';
import { SilenceButton } from '../silences/silence-button.tsx';
import { SilencedNotice } from '../silences/silenced-notice.tsx';
import { useWords } from '../text/words.ts';
import { PageTitle } from '../ui/section.tsx';
import { StateBadge } from '../ui/severity.tsx';
import { When } from '../ui/when.tsx';

/** Where the story goes on, when it turned out to be a part of another. */
function Merged({ into }: { readonly into: string }) {
  const words = useWords();
  return (
    <p className="mt-4 rounded-lg bg-sunken px-4 py-3 text-sm">
      {words.say('dashboard-incident.mergedInto')}{' '}
      <Link href={incidentHref(into)} className="font-medium text-accent underline underline-offset-3">
        {words.say('dashboard-incident.mergedLink')}
      </Link>
    </p>
  );
}

/** What it is, since when, and what is thought to be the root of it. */
export function IncidentHead({ detail }: { readonly detail: IncidentDetail }) {
  const words = useWords();
  const { incident } = detail;
  const others = incident.entities.filter((id) => id !== incident.root);
  const silencedBy = incident.silencedBy ?? [];
  const silences = useSilences('active').data?.items.filter(({ id }) => silencedBy.includes(id)) ?? [];
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
        <div className="flex flex-wrap items-center gap-2">
          <Verdicts quiet target="incident" id={incident.id} entity={incident.root} />
          {incident.resolvedAt === null && silencedBy.length === 0 && <SilenceButton entity={incident.root} />}
        </div>
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
      {incident.mergedInto !== undefined && <Merged into={incident.mergedInto} />}
      <SilencedNotice silences={silences} />
    </div>
  );
}
