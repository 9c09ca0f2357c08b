import type { Overview } from '../../../src/api/contract/views.ts';
import type { Incident } from '../../../src/model/incident.ts';
import type { PageWords } from '../text/page-words.ts';

/** "1 incident, 2 warnings, everything else is calm": the first thing that anybody reads. */
export function stateSentence(words: PageWords, { counts, incidents }: Pick<Overview, 'counts' | 'incidents'>): string {
  if (counts.entities === 0) return words.say('dashboard-overview.nothingYet');
  const of = (severity: Incident['severity']): number =>
    incidents.filter((incident) => incident.severity === severity).length;
  const parts = [
    { key: 'dashboard-overview.criticals', count: of('critical') },
    { key: 'dashboard-overview.warnings', count: of('warning') },
    { key: 'dashboard-overview.infos', count: of('info') },
    // The overview brings the worst 50 only.
    { key: 'dashboard-overview.moreIncidents', count: counts.incidents - incidents.length },
  ] as const;
  const said = parts.filter(({ count }) => count > 0).map(({ key, count }) => words.say(key, { count }));
  if (said.length > 0) return words.say('dashboard-overview.troubled', { parts: said.join(', ') });
  return words.say(
    counts.learning === counts.entities ? 'dashboard-overview.allLearning' : 'dashboard-overview.allCalm',
  );
}
