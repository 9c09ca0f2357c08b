import type { Incident } from '../../../src/model/incident.ts';
import { BellOff } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { useIncidents } from '../api/queries.ts';
import { incidentHref } from '../format/names.ts';
import { useWords } from '../text/words.ts';
import { Listed } from '../ui/listed.tsx';
import { PageTitle } from '../ui/section.tsx';
import { StateIcon } from '../ui/severity.tsx';
import { Empty } from '../ui/states.tsx';
import { Choice } from '../ui/choice.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { When } from '../ui/when.tsx';

function IncidentLine({ incident }: { readonly incident: Incident }) {
  const words = useWords();
  return (
    <Link href={incidentHref(incident.id)} className="flex items-start gap-3.5 px-4 py-3 hover:bg-sunken">
      <span className="mt-0.5">
        <StateIcon state={incident.severity} />
      </span>
      <span className="min-w-0 flex-1">
        <span className="block font-medium break-words">
          <span className="sr-only">{words.name('state', incident.severity)}: </span>
          {words.phrase(incident.title)}
        </span>
        <span className="block text-sm text-muted">
          {(incident.silencedBy ?? []).length > 0 && (
            <span className="mr-1.5 inline-flex items-center gap-1">
              <BellOff size={13} aria-hidden />
              {words.name('silence', 'silenced')} ·
            </span>
          )}
          {incident.root} · {words.say('dashboard-incident.entities', { count: incident.entities.length })}
        </span>
      </span>
      <span className="text-sm text-muted">
        <When time={incident.resolvedAt ?? incident.openedAt} />
      </span>
    </Link>
  );
}

export function IncidentsPage() {
  const words = useWords();
  const [state, setState] = useState<'open' | 'resolved'>('open');
  const query = useIncidents(state);
  return (
    <>
      <PageTitle title={words.say('dashboard.incidents')} note={words.say('dashboard-incident.listNote')}>
        <div className="flex flex-wrap items-center gap-x-5 gap-y-2">
          <Link href="/silences" className="text-sm font-medium text-accent underline underline-offset-3">
            {words.say('dashboard-silence.title')}
          </Link>
          <Choice
            label={words.say('dashboard.show')}
            value={state}
            onChange={setState}
            options={(['open', 'resolved'] as const).map((value) => ({ value, label: words.name('incident', value) }))}
          />
        </div>
      </PageTitle>
      <Listed
        query={query}
        empty={
          <Empty
            title={words.say(state === 'open' ? 'dashboard-incident.noneOpen' : 'dashboard-incident.noneResolved')}
          >
            {words.say('dashboard-incident.noneDetail')}
          </Empty>
        }
      >
        {(items) => (
          <VirtualList
            items={items}
            keyOf={({ id }) => id}
            label={words.say('dashboard.incidents')}
            rowHeight={70}
            renderRow={(incident) => <IncidentLine incident={incident} />}
          />
        )}
      </Listed>
    </>
  );
}
