import type { HorizonFigures } from '../../../src/model/failure-model.ts';
import type { ModelComparison } from '../../../src/model/model-report.ts';
import { formatNumber, formatPercent } from '../../../src/text/format.ts';
import { useModel } from '../api/queries.ts';
import { duration } from '../format/duration.ts';
import type { PageWords } from '../text/page-words.ts';
import { useWords } from '../text/words.ts';
import { DataTable } from '../ui/data-table.tsx';
import { Section } from '../ui/section.tsx';
import { Skeleton } from '../ui/states.tsx';

type Figure = HorizonFigures['averagePrecision'];

/** "34 % (28 % to 41 %)". */
function withInterval(words: PageWords, figure: Figure | undefined): string {
  if (figure == null) return '–';
  const [value, low, high] = [figure.value, figure.low, figure.high].map((one) => formatPercent(words.language, one));
  return `${value} (${words.say('dashboard.lowToHigh', { low: low ?? '', high: high ?? '' })})`;
}

interface TableProps {
  readonly own: readonly HorizonFigures[];
  /** Null beside the base rate. */
  readonly other: readonly HorizonFigures[] | null;
}

function ByHorizon({ own, other }: TableProps) {
  const words = useWords();
  const second = (figures: HorizonFigures): string =>
    other === null
      ? formatPercent(words.language, figures.baseRate)
      : withInterval(words, other.find(({ seconds }) => seconds === figures.seconds)?.averagePrecision);
  return (
    <DataTable
      name={words.say('dashboard-models.averagePrecision')}
      columns={[
        words.say('dashboard-models.horizon'),
        words.say('dashboard-models.thisOne'),
        words.say(other === null ? 'dashboard-models.baseRate' : 'dashboard-models.otherOne'),
        words.say('dashboard-models.cases'),
      ]}
      rows={own.map((figures) => ({
        key: String(figures.seconds),
        cells: [
          duration(words, figures.seconds),
          withInterval(words, figures.averagePrecision),
          second(figures),
          formatNumber(words.language, figures.positives),
        ],
      }))}
    />
  );
}

function BesideRival({ own, rival }: { readonly own: readonly HorizonFigures[]; readonly rival: string }) {
  const { data, error } = useModel(rival);
  if (data === undefined && error === null) return <Skeleton rows={1} height="h-40" />;
  return <ByHorizon own={own} other={data?.detail?.horizons ?? []} />;
}

/** A challenger beside the champion, a champion beside the base rate: the verdict first, the figures behind it. */
export function Versus({
  versus,
  own,
}: {
  readonly versus: ModelComparison | null;
  readonly own: readonly HorizonFigures[];
}) {
  const words = useWords();
  const rival = versus?.rival ?? null;
  const key = rival === null ? 'dashboard-models.versusChampion' : 'dashboard-models.versusChallenger';
  return (
    <Section title={words.say(key)} note={words.say(`${key}Note`)}>
      <div className="card p-5">
        {versus !== null && (
          <>
            <p className="text-lg font-semibold">{words.say(`dashboard-models.verdict_${versus.verdict}`)}</p>
            <p className="mb-4 text-sm text-muted">
              {words.phrase(versus.reason)} {words.say('dashboard-models.decides', { z: versus.z })}{' '}
              {words.say('dashboard-models.evidence', { count: versus.entityDays })}
            </p>
          </>
        )}
        {rival === null ? <ByHorizon own={own} other={null} /> : <BesideRival own={own} rival={rival} />}
        <p className="mt-2 text-sm text-muted">{words.say('dashboard-models.averagePrecisionNote')}</p>
      </div>
    </Section>
  );
}
