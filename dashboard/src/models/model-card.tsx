import { CircleCheck, CircleDashed, FlaskConical } from 'lucide-react';
import type { Model } from '../../../src/model/failure.ts';
import { formatNumber } from '../../../src/text/format.ts';
import type { PageWords } from '../text/page-words.ts';
import { useWords } from '../text/words.ts';
import { When } from '../ui/when.tsx';
import { Window } from './model-window.tsx';

const icons = { champion: CircleCheck, challenger: FlaskConical, retired: CircleDashed } as const;
const inks = { champion: 'text-accent', challenger: 'text-info', retired: 'text-muted' } as const;

/** A version that is a time is said as one; others are said as they are. */
const isTime = (version: string): boolean => /^\d{4}-\d\d-\d\dT/.test(version);

const reasonOf = (words: PageWords, reason: string): string => words.name('modelReason', reason);

function Figures({ metrics }: Pick<Model, 'metrics'>) {
  const words = useWords();
  const entries = Object.entries(metrics);
  if (entries.length === 0) return null;
  return (
    <dl className="mt-3 flex flex-wrap gap-x-8 gap-y-2">
      {entries.map(([name, value]) => (
        <div key={name} className="flex flex-col-reverse">
          <dt className="text-sm text-muted">{words.name('metric', name)}</dt>
          <dd className="text-lg font-semibold tabular-nums">{formatNumber(words.language, value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Earlier({ models }: { readonly models: readonly Model[] }) {
  const words = useWords();
  if (models.length === 0) return null;
  return (
    <details className="mt-3 text-sm">
      <summary className="inline-block text-muted hover:text-ink">
        {words.say('dashboard-pages.modelEarlier', { count: models.length })}
      </summary>
      <ul className="mt-2 divide-y divide-line">
        {models.map((model) => (
          <li key={model.id} className="flex flex-wrap justify-between gap-x-4 py-2 text-muted">
            <span>
              {words.name('model', model.state)} · {reasonOf(words, model.reason)}
            </span>
            <span>
              <Window model={model} /> · <When time={model.createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The models of one kind and scope: the one that serves, what it learnt from, its figures, and those before it. */
export function ModelCard({ models }: { readonly models: readonly Model[] }) {
  const words = useWords();
  const shown = models.find(({ state }) => state === 'champion') ?? models[0];
  if (shown === undefined) return null;
  const Icon = icons[shown.state];
  return (
    <li className="card p-5">
      <h3 className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
        <Icon size={18} aria-hidden strokeWidth={2.25} className={inks[shown.state]} />
        <span className="font-semibold">{shown.scope}</span>
        <span className="text-muted">{words.name('modelKind', shown.kind)}</span>
        <span className="ml-auto text-sm text-muted">
          {words.name('model', shown.state)} · <When time={shown.createdAt} />
        </span>
      </h3>
      <p className="mt-1 text-sm text-muted">
        <Window model={shown} /> · {reasonOf(words, shown.reason)}
        {!isTime(shown.version) && ` · ${shown.version}`}
      </p>
      <Figures metrics={shown.metrics} />
      <Earlier models={models.filter((model) => model !== shown)} />
    </li>
  );
}
