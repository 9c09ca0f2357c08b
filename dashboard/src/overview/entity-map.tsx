import { duration } from '../format/duration.ts';
import type { EntityView } from '../../../src/api/contract/views.ts';
import { formatPercent } from '../../../src/text/format.ts';
import { memo, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { entityHref } from '../format/names.ts';
import type { PageWords } from '../text/page-words.ts';
import { useWords } from '../text/words.ts';
import { Section } from '../ui/section.tsx';
import type { State } from '../ui/severity.tsx';
import { Empty } from '../ui/states.tsx';
import { groupEntities } from './entity-groups.ts';

/** Up to here a tile has room for a name. */
const MOST_NAMED = 60;

const STATES: readonly State[] = ['critical', 'warning', 'info', 'calm', 'learning', 'silent'];

/** A sign beside the colour for what somebody should look at. */
const signs: Readonly<Partial<Record<State, string>>> = { critical: '!', warning: '▲', info: '·', silent: '×' };

const looks: Readonly<Record<State, string>> = {
  critical: 'bg-[var(--critical-tile)] text-white border-transparent',
  warning: 'bg-[var(--warning-tile)] text-[#2a1900] border-transparent',
  info: 'bg-[var(--info-tile)] text-ink border-transparent',
  calm: 'bg-[var(--calm-tile)] border-transparent',
  learning: 'bg-[var(--learning-tile)] border-dashed border-line-strong/60',
  silent: 'bg-transparent text-muted border-line-strong',
};

/** What a tile says: `host/web-1: Warning, risk 82 % within 6 h`. */
function tell(words: PageWords, entity: EntityView): string {
  const state = `${entity.id}: ${words.name('state', entity.state)}`;
  if (entity.risk === null) return state;
  const within = words.say('dashboard.riskWithin', {
    probability: formatPercent(words.language, entity.risk.probability),
    duration: duration(words, entity.risk.seconds),
  });
  return `${state}, ${words.say('dashboard-overview.tileRisk', { risk: within })}`;
}

interface TileProps {
  readonly id: string;
  readonly name: string;
  readonly state: State;
  readonly text: string;
  readonly named: boolean;
  /** Whether Tab stops here. */
  readonly stop: boolean;
  readonly index: number;
  readonly onFocus: (index: number) => void;
}

const namedShape = 'min-h-9 gap-2 px-3 py-1 text-sm rounded-lg';
/** The name of a small tile that is looked at stands in one place, at the end of its kind's heading. */
const told =
  'after:pointer-events-none after:absolute after:-top-7 after:right-0 after:hidden after:max-w-[75%] after:truncate after:bg-page after:text-sm after:font-normal after:text-ink after:content-[attr(aria-label)] hover:after:block focus-visible:after:block';
const smallShape = `size-[22px] justify-center text-[11px] leading-none font-bold rounded-[5px] ${told}`;

/** Takes plain values only, so that of a thousand tiles those alone are drawn anew that look different. */
const Tile = memo(function Tile({ id, name, state, text, named, stop, index, onFocus }: TileProps) {
  return (
    <li className="min-w-0">
      <Link
        href={entityHref(id)}
        tabIndex={stop ? 0 : -1}
        aria-label={text}
        title={text}
        onFocus={() => onFocus(index)}
        className={`flex items-center border ${named ? namedShape : smallShape} ${looks[state]} outline-offset-1 hover:outline-2 hover:outline-accent`}
      >
        {named && <span className="min-w-0 flex-1 truncate">{name}</span>}
        <span aria-hidden>{signs[state]}</span>
      </Link>
    </li>
  );
});

const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

interface TilesProps {
  readonly entities: readonly EntityView[];
  readonly named: boolean;
}

/** One kind's tiles. Tab enters at one tile; the arrows go on from there, so that a thousand tiles are one stop. */
function Tiles({ entities, named }: TilesProps) {
  const words = useWords();
  const [at, setAt] = useState(0);
  const stop = Math.min(at, entities.length - 1);
  const onKey = (event: React.KeyboardEvent<HTMLUListElement>): void => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.currentTarget.querySelectorAll('a')[(stop + step + entities.length) % entities.length]?.focus();
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the arrows move among the links inside
    <ul
      onKeyDown={onKey}
      className={
        named ? 'grid grid-cols-[repeat(auto-fill,minmax(9.5rem,1fr))] gap-1.5' : 'relative flex flex-wrap gap-[3px]'
      }
    >
      {entities.map((entity, index) => (
        <Tile
          key={entity.id}
          id={entity.id}
          name={entity.name}
          state={entity.state}
          text={tell(words, entity)}
          named={named}
          stop={index === stop}
          index={index}
          onFocus={setAt}
        />
      ))}
    </ul>
  );
}

function Legend({ entities }: { readonly entities: readonly EntityView[] }) {
  const words = useWords();
  const counts = STATES.map((state) => ({ state, count: entities.filter((entity) => entity.state === state).length }));
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-muted">
      {counts
        .filter(({ count }) => count > 0)
        .map(({ state, count }) => (
          <li key={state} className="flex items-center gap-1.5">
            <span
              aria-hidden
              className={`inline-flex size-4 items-center justify-center rounded-[4px] border text-[10px] leading-none font-bold ${looks[state]}`}
            >
              {signs[state]}
            </span>
            {words.name('state', state)} {count}
          </li>
        ))}
    </ul>
  );
}

interface EntityMapProps {
  readonly entities: readonly EntityView[];
  readonly total: number;
  readonly className?: string;
}

/** Every entity as a tile in its kind, shaded by its state; a thousand fit on a screen. */
export function EntityMap({ entities, total, className = '' }: EntityMapProps) {
  const words = useWords();
  const named = entities.length <= MOST_NAMED;
  const groups = useMemo(() => groupEntities(entities), [entities]);
  if (entities.length === 0) {
    return (
      <Section title={words.say('dashboard-overview.map')} className={className}>
        <Empty title={words.say('dashboard-overview.mapEmpty')}>{words.say('dashboard-overview.mapEmptyDetail')}</Empty>
      </Section>
    );
  }
  return (
    <Section title={words.say('dashboard-overview.map')} className={className} aside={<Legend entities={entities} />}>
      <div className="space-y-5">
        {groups.map((group) => (
          <div key={group.kind}>
            <h3 className="mb-1.5 text-sm text-muted">
              {group.kind} <span className="text-muted">{group.entities.length}</span>
            </h3>
            <Tiles entities={group.entities} named={named} />
          </div>
        ))}
      </div>
      {total > entities.length && (
        <p className="mt-2 text-sm text-muted">
          {words.say('dashboard-overview.mapPart', { shown: entities.length, total })}
        </p>
      )}
    </Section>
  );
}
