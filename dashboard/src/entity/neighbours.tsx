import { Link } from 'wouter';
import type { EntityView } from '../../../src/api/contract/views.ts';
import type { Neighbour } from '../../../src/model/topology.ts';
import { useNeighbours, useOverview } from '../api/queries.ts';
import { entityHref } from '../format/names.ts';
import { useWords } from '../text/words.ts';
import { Section } from '../ui/section.tsx';
import { type State, StateIcon } from '../ui/severity.tsx';

const RELATIONS = [
  { relation: 'depends_on', title: 'dependsOn' },
  { relation: 'used_by', title: 'usedBy' },
  { relation: 'sibling', title: 'siblings' },
] as const;

/** In one column at once; of more the nearest and the worst. */
const SHOWN = 8;
const WORST_FIRST: readonly State[] = ['critical', 'warning', 'silent', 'info', 'learning', 'calm'];

function NeighbourLine({ neighbour, state }: { readonly neighbour: Neighbour; readonly state: State | undefined }) {
  const words = useWords();
  const far = neighbour.distance > 1;
  return (
    <li className="flex items-center gap-2 py-1">
      {state === undefined ? <span aria-hidden className="size-4" /> : <StateIcon state={state} size={16} />}
      <Link href={entityHref(neighbour.entity)} className={`quiet-link min-w-0 truncate ${far ? 'text-muted' : ''}`}>
        {neighbour.entity}
      </Link>
      {state !== undefined && <span className="sr-only">{words.name('state', state)}</span>}
      {far && <span className="text-xs whitespace-nowrap text-muted">{words.say('dashboard-entity.viaOthers')}</span>}
    </li>
  );
}

interface ColumnProps {
  readonly title: string;
  readonly neighbours: readonly Neighbour[];
  readonly states: ReadonlyMap<string, State>;
}

function Column({ title, neighbours, states }: ColumnProps) {
  const words = useWords();
  const rank = ({ entity }: Neighbour): number => WORST_FIRST.indexOf(states.get(entity) ?? 'calm');
  const ordered = neighbours.toSorted((a, b) => a.distance - b.distance || rank(a) - rank(b));
  const rest = ordered.slice(SHOWN);
  const line = (one: Neighbour) => <NeighbourLine key={one.entity} neighbour={one} state={states.get(one.entity)} />;
  return (
    <div className="min-w-0 text-sm">
      <h3 className="mb-1 text-muted">{title}</h3>
      <ul>{ordered.slice(0, SHOWN).map(line)}</ul>
      {rest.length > 0 && (
        <details>
          <summary className="inline-block py-1 text-accent">
            {words.say('dashboard-entity.neighboursMore', { count: rest.length })}
          </summary>
          <ul>{rest.map(line)}</ul>
        </details>
      )}
    </div>
  );
}

const statesOf = (entities: readonly EntityView[]): ReadonlyMap<string, State> =>
  new Map(entities.map(({ id, state }) => [id, state]));

/** What it depends on, what uses it, what stands beside it, each with its state. Nothing where it is connected to nothing. */
export function Neighbours({ entity }: { readonly entity: string }) {
  const words = useWords();
  const items = useNeighbours(entity).data?.items ?? [];
  const states = statesOf(useOverview().data?.entities ?? []);
  if (items.length === 0) return null;
  return (
    <Section title={words.say('dashboard-entity.neighbours')}>
      <div className="card grid gap-x-10 gap-y-5 px-5 py-4 sm:grid-cols-3">
        {RELATIONS.map(({ relation, title }) => {
          const some = items.filter((one) => one.relation === relation);
          return some.length === 0 ? null : (
            <Column key={relation} title={words.say(`dashboard-entity.${title}`)} neighbours={some} states={states} />
          );
        })}
      </div>
    </Section>
  );
}
