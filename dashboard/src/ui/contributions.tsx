import { formatPercent } from '../../../src/text/format.ts';
import type { Contribution } from '../../../src/model/anomaly.ts';
import { band, quantity } from '../format/quantity.ts';
import { useWords } from '../text/words.ts';
import { FeatureLabel } from './feature-label.tsx';
import { Scrollable } from './scrollable.tsx';
import { ShareBar } from './share-bar.tsx';

const cell = 'py-1.5 pr-4 whitespace-nowrap';

/** Which features it was, how much each had to do with it, and how far from expected each is. */
export function Contributions({ contributions }: { readonly contributions: readonly Contribution[] }) {
  const words = useWords();
  return (
    <Scrollable label={words.say('dashboard.contributions')} className="overflow-x-auto">
      <table className="w-full text-left text-sm">
        <caption className="sr-only">{words.say('dashboard.contributions')}</caption>
        <thead className="text-muted">
          <tr>
            {(['feature', 'share', 'value', 'expected', 'detector'] as const).map((column) => (
              <th key={column} scope="col" className={`${cell} font-normal`}>
                {words.say(`dashboard.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {contributions.map((one) => (
            <tr key={`${one.feature} ${one.detector}`} className="border-t border-line">
              <th scope="row" className="min-w-32 py-1.5 pr-4 font-medium">
                <FeatureLabel feature={one.feature} />
              </th>
              <td className={cell}>
                <span className="flex items-center gap-2">
                  <span className="w-10 text-right">{formatPercent(words.language, one.share)}</span>
                  <ShareBar share={one.share} className="h-1.5 w-14 max-sm:hidden" />
                </span>
              </td>
              <td className={`${cell} font-medium`}>{quantity(words, one.value, one.unit)}</td>
              <td className={`${cell} text-muted`}>{band(words, one.low, one.high, one.unit)}</td>
              <td className={`${cell} text-muted`}>{words.name('detector', one.detector)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrollable>
  );
}
