import { BellOff } from 'lucide-react';
import { Link } from 'wouter';
import type { AlertingView } from '../../../src/api/contract/alerting.ts';
import { formatNumber, formatPercent } from '../../../src/text/format.ts';
import { entityHref } from '../format/names.ts';
import { oneIn } from '../format/probability.ts';
import { useWords } from '../text/words.ts';
import { FeatureLabel } from '../ui/feature-label.tsx';
import { Scrollable } from '../ui/scrollable.tsx';
import { Section } from '../ui/section.tsx';
import { ShareBar } from '../ui/share-bar.tsx';
import { Empty } from '../ui/states.tsx';

type Noise = AlertingView['noise']['items'][number];

const cell = 'px-4 py-2.5 align-top';
const number = `${cell} text-right tabular-nums`;

function Where({ scope }: { readonly scope: Noise['scope'] }) {
  const words = useWords();
  if (scope.level === 'kind') return words.say('dashboard-pages.noiseKind', { kind: scope.value });
  return (
    <Link href={entityHref(scope.value)} className="quiet-link">
      {scope.value}
    </Link>
  );
}

function NoiseRow({ noise }: { readonly noise: Noise }) {
  const words = useWords();
  const { scope, feature, share, pages, warnings, falseAlarms, limit } = noise;
  return (
    <tr className="border-t border-line">
      <th scope="row" className={`${cell} min-w-48 font-medium`}>
        <FeatureLabel feature={feature} />
        {limit !== null && (
          <span className="mt-0.5 flex items-center gap-1.5 font-normal text-muted">
            <BellOff size={14} aria-hidden />
            {words.say('dashboard-pages.noiseHeld')}:{' '}
            {words.say('dashboard-pages.noiseHeldDetail', { warning: oneIn(words, limit.warning) })}
          </span>
        )}
      </th>
      <td className={cell}>
        <Where scope={scope} />
      </td>
      <td className={number}>
        <span className="flex items-center justify-end gap-2">
          <ShareBar share={Math.min(1, share)} className="h-1.5 w-16 max-sm:hidden" />
          <span className="w-11">{formatPercent(words.language, share)}</span>
        </span>
      </td>
      <td className={number}>{formatNumber(words.language, pages)}</td>
      <td className={number}>{formatNumber(words.language, warnings)}</td>
      <td className={number}>{formatNumber(words.language, falseAlarms)}</td>
    </tr>
  );
}

/** Which features take the budget, and which of them are held to stronger evidence for it. */
export function NoiseTable({ items }: { readonly items: readonly Noise[] }) {
  const words = useWords();
  const title = words.say('dashboard-pages.noise');
  const columns = ['noiseShare', 'noisePages', 'noiseWarnings', 'noiseFalse'] as const;
  return (
    <Section title={title} note={words.say('dashboard-pages.noiseNote')}>
      {items.length === 0 ? (
        <Empty title={words.say('dashboard-pages.noiseEmpty')} />
      ) : (
        <Scrollable label={words.say('dashboard-pages.noiseFeature')} className="card overflow-x-auto">
          <table className="w-full text-left text-sm">
            <caption className="sr-only">{title}</caption>
            <thead className="text-muted">
              <tr>
                <th scope="col" className={`${cell} font-normal`}>
                  {words.say('dashboard-pages.noiseFeature')}
                </th>
                <th scope="col" className={`${cell} font-normal`}>
                  {words.say('dashboard-pages.noiseWhere')}
                </th>
                {columns.map((column) => (
                  <th key={column} scope="col" className={`${number} font-normal`}>
                    {words.say(`dashboard-pages.${column}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {items.map((noise) => (
                <NoiseRow key={`${noise.scope.level} ${noise.scope.value} ${noise.feature}`} noise={noise} />
              ))}
            </tbody>
          </table>
        </Scrollable>
      )}
    </Section>
  );
}
