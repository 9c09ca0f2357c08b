import type { Exemplar } from '../../../src/model/exemplar.ts';
import { type ChartRange, useExemplars } from '../api/queries.ts';
import { absolute, dayAndTime } from '../format/moment.ts';
import { quantity } from '../format/quantity.ts';
import { useWords } from '../text/words.ts';
import { Section } from '../ui/section.tsx';

/** Entities whose traces are looked for, and traces shown of each. */
const ENTITIES = 5;
const PER_ENTITY = 50;
const SHOWN = 20;

function Trace({ exemplar }: { readonly exemplar: Exemplar }) {
  const words = useWords();
  const { time, metric, value, trace, labels, attributes } = exemplar;
  const said = Object.entries({ ...labels, ...attributes }).filter(([name]) => name !== 'entity');
  return (
    <li className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5 px-4 py-2 text-sm sm:grid-cols-[8.5rem_minmax(0,1fr)]">
      <time
        dateTime={new Date(time).toISOString()}
        title={absolute(words.language, time)}
        className="whitespace-nowrap text-muted"
      >
        {dayAndTime(words.language, time)}
      </time>
      <div className="min-w-0 max-sm:col-span-2">
        <p className="font-mono text-[13px] leading-relaxed break-words">
          <span className="select-all">{trace}</span> {metric} {quantity(words, value, '')}
        </p>
        {said.length > 0 && (
          <p className="text-xs break-words text-muted">{said.map(([name, text]) => `${name}=${text}`).join('  ')}</p>
        )}
      </div>
    </li>
  );
}

/** Requests with a trace that were measured in some entities within a range; nothing where nobody sends any. */
export function TracesAround({
  entities,
  range,
}: {
  readonly entities: readonly string[];
  readonly range: ChartRange;
}) {
  const words = useWords();
  const { exemplars } = useExemplars(entities.slice(0, ENTITIES), range, PER_ENTITY);
  const shown = exemplars.filter(({ trace }) => trace !== null).toSorted((a, b) => b.time - a.time);
  if (shown.length === 0) return null;
  return (
    <Section title={words.say('dashboard-entity.traces')} note={words.say('dashboard-entity.tracesNote')}>
      <ul aria-label={words.say('dashboard-entity.traces')} className="card divide-y divide-line py-1">
        {shown.slice(0, SHOWN).map((exemplar) => (
          <Trace key={exemplar.id} exemplar={exemplar} />
        ))}
      </ul>
    </Section>
  );
}
