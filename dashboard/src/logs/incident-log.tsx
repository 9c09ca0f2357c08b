import type { IncidentDetail } from '../../../src/api/contract/views.ts';
import { LOG_LEVELS_WORST_FIRST } from './levels.ts';
import { useLogsAround } from '../api/queries.ts';
import { useNow } from '../format/now.ts';
import { useWords } from '../text/words.ts';
import { Section } from '../ui/section.tsx';
import { Failed } from '../ui/states.tsx';
import { TracesAround } from '../traces/traces-around.tsx';
import { LogLines } from './log-lines.tsx';

/** Entities whose lines are looked for, the suspected root first. */
const ENTITIES = 5;
const PER_ENTITY = 100;
const SHOWN = 20;
/** What an entity wrote just before the first sign may say why. */
const BEFORE_MS = 300_000;
const AFTER_MS = 60_000;
const GRAIN_MS = 60_000;

/** Lines of the incident's entities around its time, the gravest of them in the order in which they came, and traces. */
export function IncidentLog({ detail: { incident, anomalies } }: { readonly detail: IncidentDetail }) {
  const words = useWords();
  const now = useNow();
  const entities = [...new Set([incident.root, ...incident.entities])].slice(0, ENTITIES);
  const first = Math.min(incident.openedAt, ...anomalies.map(({ start }) => start));
  const end = (incident.resolvedAt ?? now) + AFTER_MS;
  const range = { from: Math.max(0, first - BEFORE_MS), to: Math.ceil(end / GRAIN_MS) * GRAIN_MS };
  const { lines, error } = useLogsAround(entities, range, PER_ENTITY);
  const traces = <TracesAround entities={entities} range={range} />;
  if (error !== null) return <Failed error={error} />;
  const grave = (lines ?? [])
    .toSorted(
      (a, b) => LOG_LEVELS_WORST_FIRST.indexOf(a.level) - LOG_LEVELS_WORST_FIRST.indexOf(b.level) || b.time - a.time,
    )
    .slice(0, SHOWN)
    .toSorted((a, b) => b.time - a.time);
  if (grave.length === 0) return traces;
  return (
    <>
      <Section title={words.say('dashboard-incident.lines')} note={words.say('dashboard-incident.linesNote')}>
        <LogLines lines={grave} label={words.say('dashboard-incident.lines')} withEntity />
      </Section>
      {traces}
    </>
  );
}
