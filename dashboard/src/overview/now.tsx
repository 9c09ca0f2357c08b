import type { Overview } from '../../../src/api/contract/views.ts';
import type { Incident } from '../../../src/model/incident.ts';
import { ChevronRight } from 'lucide-react';
import { Link } from 'wouter';
import { incidentHref, shortFeature } from '../format/names.ts';
import { useWords } from '../text/words.ts';
import { SettledList } from '../ui/settled-list.tsx';
import { type State, StateIcon } from '../ui/severity.tsx';
import { When } from '../ui/when.tsx';
import { stateSentence } from './state-sentence.ts';

function worstState({ counts, incidents: [worst] }: Overview): State {
  if (worst !== undefined) return worst.severity;
  return counts.learning === counts.entities ? 'learning' : 'calm';
}

export function NowSentence({ overview }: { readonly overview: Overview }) {
  const words = useWords();
  const { silent, entities } = overview.counts;
  const notes = [
    ...(entities > 0 ? [words.say('dashboard-overview.watching', { count: entities })] : []),
    ...(silent > 0 ? [words.say('dashboard-overview.silentOnes', { count: silent })] : []),
  ];
  return (
    <div className="mb-7 flex items-start gap-3">
      <span className="mt-1.5">
        <StateIcon state={worstState(overview)} size={26} />
      </span>
      <div>
        <h1 className="text-2xl font-semibold tracking-tight text-balance sm:text-3xl">
          {stateSentence(words, overview)}
        </h1>
        <p className="mt-1 text-muted">{notes.join(' · ')}</p>
        {overview.waiting.length > 0 && (
          <a href="#do" className="mt-2 inline-block font-medium text-accent underline underline-offset-3 lg:hidden">
            {words.say('dashboard-overview.waitingRuns', { count: overview.waiting.length })}
          </a>
        )}
      </div>
    </div>
  );
}

function IncidentRow({ incident }: { readonly incident: Incident }) {
  const words = useWords();
  const others = incident.entities.length - 1;
  return (
    <Link
      href={incidentHref(incident.id)}
      className="card group flex items-start gap-3.5 px-4 py-3.5 transition-colors hover:border-line-strong"
    >
      <span className="mt-0.5">
        <StateIcon state={incident.severity} size={20} />
      </span>
      <span className="min-w-0 flex-1">
        <span className="block font-medium break-words">
          <span className="sr-only">{words.name('state', incident.severity)}: </span>
          {words.phrase(incident.title)}
        </span>
        <span className="mt-0.5 block text-sm break-words text-muted">
          {incident.root}
          {others > 0 && ` ${words.say('dashboard-overview.andOthers', { count: others })}`}
          {' · '}
          {words.say('dashboard-overview.since')} <When time={incident.openedAt} />
          {incident.features.length > 0 && (
            <span className="max-sm:hidden"> · {incident.features.slice(0, 2).map(shortFeature).join(', ')}</span>
          )}
        </span>
      </span>
      <ChevronRight
        size={18}
        aria-hidden
        className="mt-0.5 shrink-0 text-line-strong transition-colors group-hover:text-accent"
      />
    </Link>
  );
}

/** Rows at once on the overview; the page of incidents has them all. */
const SHOWN = 5;

export function NowIncidents({ incidents }: { readonly incidents: readonly Incident[] }) {
  const words = useWords();
  if (incidents.length === 0) return null;
  return (
    <section aria-label={words.say('dashboard-overview.openIncidents')}>
      <SettledList
        items={incidents.slice(0, SHOWN)}
        keyOf={({ id }) => id}
        label={words.say('dashboard-overview.openIncidents')}
        renderRow={(incident) => <IncidentRow incident={incident} />}
      />
      {incidents.length > SHOWN && (
        <Link
          href="/incidents"
          className="mt-3 inline-block text-sm font-medium text-accent underline underline-offset-3"
        >
          {words.say('dashboard-overview.moreIncidents', { count: incidents.length - SHOWN })}
        </Link>
      )}
    </section>
  );
}
