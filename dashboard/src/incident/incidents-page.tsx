import type { Incident } from '../../../src/model/incident.ts';
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
        <Choice
          label={words.say('dashboard.show')}
          value={state}
          onChange={setState}
          options={(['open', 'resolved'] as const).map((value) => ({ value, label: words.name('incident', value) }))}
        />
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
