import type { FeatureView } from '../../../src/api/contract/views.ts';
import type { ChartRange } from '../api/queries.ts';
import { formatPercent } from '../../../src/text/format.ts';
import { shortFeature } from '../format/names.ts';
import { band, quantity } from '../format/quantity.ts';
import { useWords } from '../text/words.ts';
import { FeatureLabel } from '../ui/feature-label.tsx';
import type { ChartMarks } from './chart-marks.ts';
import type { ChartRow } from './chart-rows.ts';
import { ChartTable } from './chart-table.tsx';
import { FeatureChart } from './feature-chart.tsx';

/** From this score on the number is worth showing. */
const TELLING_SCORE = 0.5;

interface FeatureCardProps {
  readonly feature: FeatureView;
  readonly rows: readonly ChartRow[] | null;
  readonly range: ChartRange;
  readonly marks: ChartMarks;
  readonly onZoom: (from: number, to: number) => void;
}

/** One small multiple: name, newest value and what was expected, the chart, and the table behind it. */
export function FeatureCard({ feature, rows, range, marks, onZoom }: FeatureCardProps) {
  const words = useWords();
  const name = shortFeature(feature.name);
  return (
    <li className="card min-w-0 p-4">
      <div className="flex items-baseline justify-between gap-3">
        <h3 className="min-w-0 text-sm font-medium">
          <FeatureLabel feature={feature.name} />
        </h3>
        <span className="shrink-0 font-semibold">{quantity(words, feature.value, feature.unit)}</span>
      </div>
      <p className="mb-2 flex flex-wrap justify-between gap-x-3 text-xs text-muted">
        <span>
          {feature.low === null
            ? words.say('dashboard-entity.noBand')
            : words.say('dashboard-entity.expectedBand', {
                band: band(words, feature.low, feature.high, feature.unit),
              })}
        </span>
        {feature.score >= TELLING_SCORE && (
          <span className="font-medium text-ink">
            {words.say('dashboard-entity.abnormal', { score: formatPercent(words.language, feature.score) })}
          </span>
        )}
      </p>
      {rows === null ? (
        <div className="skeleton h-[132px]" />
      ) : (
        <FeatureChart name={name} unit={feature.unit} rows={rows} range={range} marks={marks} onZoom={onZoom} />
      )}
      {rows !== null && <ChartTable name={name} unit={feature.unit} rows={rows} />}
    </li>
  );
}
