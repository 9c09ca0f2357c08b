import { duration } from '../format/duration.ts';
import { formatPercent } from '../../../src/text/format.ts';
import type { Prediction } from '../../../src/model/prediction.ts';
import { lazy, Suspense } from 'react';
import { useNow } from '../format/now.ts';
import { forecast } from '../format/prediction.ts';
import { useWords } from '../text/words.ts';
import { FeatureLabel } from '../ui/feature-label.tsx';
import { ShareBar } from '../ui/share-bar.tsx';
import { StateIcon } from '../ui/severity.tsx';
import { When } from '../ui/when.tsx';

const ForecastChart = lazy(() => import('./forecast-chart.tsx').then((chart) => ({ default: chart.ForecastChart })));

/** The probability within each horizon: a number, and a bar for the eye. */
function Horizons({ prediction }: { readonly prediction: Prediction }) {
  const words = useWords();
  return (
    <table className="w-full text-sm">
      <caption className="sr-only">{words.say('dashboard-entity.riskByHorizon')}</caption>
      <tbody>
        {prediction.horizons.map(({ seconds, probability }) => (
          <tr key={seconds}>
            <th scope="row" className="w-24 py-1 pr-3 text-left font-normal whitespace-nowrap text-muted">
              {words.say('dashboard-entity.within', { duration: duration(words, seconds) })}
            </th>
            <td className="py-1">
              <ShareBar share={probability} className="h-2" />
            </td>
            <td className="w-16 py-1 pl-3 text-right font-medium">{formatPercent(words.language, probability)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Why: what drives the risk, how much each has to do with it, and in what way. */
function Drivers({ prediction }: { readonly prediction: Prediction }) {
  const words = useWords();
  return (
    <ul className="space-y-2 text-sm">
      {prediction.drivers.map(({ feature, share, reason }) => (
        <li key={feature}>
          <span className="flex items-baseline justify-between gap-3">
            <FeatureLabel feature={feature} />
            <span className="text-muted tabular-nums">{formatPercent(words.language, share)}</span>
          </span>
          <ShareBar share={share} className="my-1 h-1" />
          <span className="block text-muted">{words.phrase(reason)}</span>
        </li>
      ))}
    </ul>
  );
}

/** One risk: when, how sure, why, and the cone to the limit. */
export function RiskCard({ prediction }: { readonly prediction: Prediction }) {
  const words = useWords();
  const now = useNow();
  // What runs out is drawn on its way to the limit; what fails has no limit.
  const toLimit = prediction.feature !== null && prediction.limit !== null && prediction.current !== null;
  return (
    <article className="card p-5">
      <h3 className="flex items-start gap-2 text-base font-semibold">
        <span className="mt-1">
          <StateIcon state={prediction.severity} />
        </span>
        <span>
          {prediction.feature !== null && (
            <>
              <FeatureLabel feature={prediction.feature} />
              {': '}
            </>
          )}
          {forecast(words, prediction, now)}
        </span>
      </h3>
      <p className="mt-1 max-w-prose">{words.phrase(prediction.reason)}</p>
      <p className="text-sm text-muted">
        <span className="inline-block first-letter:uppercase">{words.say('dashboard-entity.saidFirst')}</span>{' '}
        <When time={prediction.openedAt} />
        {' · '}
        {words.say('dashboard-entity.byModel', { model: `${prediction.model.kind} ${prediction.model.version}` })}
      </p>
      <div className={`mt-4 grid gap-6 ${toLimit ? 'lg:grid-cols-[minmax(0,1fr)_18rem]' : 'lg:grid-cols-2'}`}>
        {toLimit ? (
          <Suspense fallback={<div className="skeleton h-[220px]" />}>
            <div className="min-w-0">
              <ForecastChart prediction={prediction} />
            </div>
          </Suspense>
        ) : (
          <Drivers prediction={prediction} />
        )}
        <div className="max-lg:-order-1">
          <Horizons prediction={prediction} />
          {toLimit && (
            <div className="mt-3">
              <Drivers prediction={prediction} />
            </div>
          )}
        </div>
      </div>
    </article>
  );
}
