import { CircleCheck, FlaskConical, CircleDashed } from 'lucide-react';
import { Link } from 'wouter';
import type { Model } from '../../../src/model/failure.ts';
import { formatPercent } from '../../../src/text/format.ts';
import { duration } from '../format/duration.ts';
import { modelHref } from '../format/names.ts';
import type { PageWords } from '../text/page-words.ts';
import { useWords } from '../text/words.ts';
import { When } from '../ui/when.tsx';
import { Window } from './model-window.tsx';
import { tellingFigures } from './telling-figures.ts';

const icons = { champion: CircleCheck, challenger: FlaskConical, retired: CircleDashed } as const;
const inks = { champion: 'text-accent', challenger: 'text-info', retired: 'text-muted' } as const;

/** "Announces 71 % of failures, 80 % of pages right" at the horizon that pages; otherwise how well it ranks. */
function figureOf(words: PageWords, { detail }: Model): string {
  const horizons = detail?.horizons ?? [];
  const paging = horizons
    .filter(({ threshold, recall }) => threshold !== null && recall !== null)
    .toSorted((a, b) => (b.recall ?? 0) - (a.recall ?? 0))
    .at(0);
  if (paging !== undefined) {
    const recall = `${formatPercent(words.language, paging.recall ?? 0)} ${words.say('dashboard-models.announced')}`;
    return `${recall}, ${words.say('dashboard-models.within', { duration: duration(words, paging.seconds) })}`;
  }
  const telling = tellingFigures(horizons, null)?.averagePrecision ?? null;
  if (telling === null) return '';
  return `${words.say('dashboard-models.averagePrecision')}: ${formatPercent(words.language, telling.value)}`;
}

function ModelLine({ model }: { readonly model: Model }) {
  const words = useWords();
  const Icon = icons[model.state];
  const figure = figureOf(words, model);
  return (
    <li>
      <Link href={modelHref(model.id)} className="flex items-start gap-3 px-5 py-3 hover:bg-sunken">
        <Icon size={18} aria-hidden strokeWidth={2.25} className={`mt-0.5 shrink-0 ${inks[model.state]}`} />
        <span className="min-w-0 flex-1">
          <span className="font-medium">{words.name('model', model.state)}</span>
          <span className="block text-sm text-muted">
            {figure !== '' && <span className="block text-ink">{figure}</span>}
            <Window model={model} /> · {words.name('modelReason', model.reason)}
          </span>
        </span>
        <span className="text-right text-sm text-muted">
          <When time={model.createdAt} />
          <span className="block text-accent underline underline-offset-3">{words.say('dashboard-models.open')}</span>
        </span>
      </Link>
    </li>
  );
}

/** So many retired ones are worth a line; older ones are in the registry. */
const RETIRED = 2;

/** The failure models of one kind of entity: the one in use, the one on trial, and those before. */
export function FailureCard({ models }: { readonly models: readonly Model[] }) {
  const words = useWords();
  const of = (state: Model['state']): readonly Model[] => models.filter((model) => model.state === state);
  const shown = [...of('champion'), ...of('challenger'), ...of('retired').slice(0, RETIRED)];
  return (
    <li className="card overflow-hidden pt-4 pb-1">
      <h3 className="px-5 pb-1 font-semibold">
        {models[0]?.scope} <span className="font-normal text-muted">{words.name('modelKind', 'failure')}</span>
      </h3>
      <ul className="divide-y divide-line">
        {shown.map((model) => (
          <ModelLine key={model.id} model={model} />
        ))}
      </ul>
    </li>
  );
}
