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

/** One risk: when, how sure, why, and the cone to the limit. */
export function RiskCard({ prediction }: { readonly prediction: Prediction }) {
  const words = useWords();
  const now = useNow();
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
      <p className="mt-1 text-sm text-muted">
        {words.phrase(prediction.reason)} · {words.say('dashboard-entity.saidFirst')}{' '}
        <When time={prediction.openedAt} />
      </p>
      <div className="mt-4 grid gap-6 lg:grid-cols-[minmax(0,1fr)_18rem]">
        <Suspense fallback={<div className="skeleton h-[220px]" />}>
          <div className="min-w-0">
            <ForecastChart prediction={prediction} />
          </div>
        </Suspense>
        <div className="max-lg:-order-1">
          <Horizons prediction={prediction} />
          <ul className="mt-3 space-y-1 text-sm text-muted">
            {prediction.drivers.map(({ feature, share, reason }) => (
              <li key={feature}>
                <FeatureLabel feature={feature} /> {formatPercent(words.language, share)}: {words.phrase(reason)}
              </li>
            ))}
          </ul>
          <p className="mt-3 text-sm text-muted">
            {words.say('dashboard-entity.byModel', { model: `${prediction.model.kind} ${prediction.model.version}` })}
          </p>
        </div>
      </div>
    </article>
  );
}
