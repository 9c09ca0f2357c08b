import type { QualityDetail } from '../../../src/api/contract/quality.ts';
import type { EntityQuality, FeatureProfile, FeatureVerdict } from '../../../src/model/data-quality.ts';
import { formatNumber, formatPercent } from '../../../src/text/format.ts';
import { useQuality } from '../api/queries.ts';
import { duration } from '../format/duration.ts';
import { dayAndTime } from '../format/moment.ts';
import { shortFeature } from '../format/names.ts';
import type { PageWords } from '../text/page-words.ts';
import { useWords } from '../text/words.ts';
import { DataTable } from '../ui/data-table.tsx';
import { Figures } from '../ui/figures.tsx';
import { PageTitle, Section } from '../ui/section.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';
import { dropWords, skewWords } from './quality-words.ts';

function Head({ quality }: { readonly quality: EntityQuality }) {
  const words = useWords();
  const number = (value: number): string => formatNumber(words.language, value);
  const { gaps, gapMs, newSeries, sources } = quality;
  const figures = [
    {
      label: words.say('dashboard-quality.lastSample'),
      value: <When time={quality.lastSample} />,
      detail: words.say('dashboard-quality.sources', { sources: sources.join(', ') }),
    },
    { label: words.say('dashboard-quality.samples'), value: number(quality.samples) },
    {
      label: words.say('dashboard-quality.series'),
      value: number(quality.series),
      detail: newSeries > 0 ? words.say('dashboard-quality.newSeries', { count: newSeries }) : undefined,
    },
    {
      label: words.say('dashboard-quality.gaps'),
      value: gaps === 0 ? words.say('dashboard-quality.noGaps') : number(gaps),
      detail:
        gaps === 0
          ? undefined
          : words.say('dashboard-quality.gapLength', { duration: duration(words, Math.round(gapMs / 1000)) }),
    },
    { label: words.say('dashboard-quality.skew'), value: skewWords(words, quality) },
  ];
  return (
    <div className="card p-5">
      <Figures figures={figures} />
    </div>
  );
}

function Drops({ quality }: { readonly quality: EntityQuality }) {
  const words = useWords();
  const drops = dropWords(words, quality);
  const { worst, units } = quality;
  return (
    <Section
      title={words.say('dashboard-quality.drops')}
      note={words.say('dashboard-quality.dropsNote', { since: dayAndTime(words.language, quality.since) })}
    >
      <div className="card space-y-4 p-5 text-sm">
        <p>{drops.length === 0 ? words.say('dashboard-quality.clean') : drops.join(', ')}</p>
        {worst.length > 0 && (
          <div>
            <p className="font-medium">{words.say('dashboard-quality.worst')}</p>
            <p className="text-muted">{words.say('dashboard-quality.worstNote')}</p>
            <p className="mt-1 break-words">
              {worst.map(({ metric, series }) => `${metric} ${formatNumber(words.language, series)}`).join(', ')}
            </p>
          </div>
        )}
        {units.length > 0 && (
          <div>
            <p className="font-medium">{words.say('dashboard-quality.units')}</p>
            <ul className="mt-1 text-muted">
              {units.map(({ metric, from, to, scale }) => (
                <li key={metric} className="break-words">
                  {metric}: {words.say('dashboard-quality.unitsRow', { from, to, scale })}
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </Section>
  );
}

/** Chosen, or why not: for a twin with its name, for a measure with its value. */
function verdictWords(words: PageWords, verdict: FeatureVerdict | undefined): string {
  if (verdict === undefined) return '–';
  if (verdict.chosen || verdict.why === null) return words.say('dashboard-quality.chosen');
  const of = verdict.of === null ? '' : ` ${shortFeature(verdict.of)}`;
  return `${words.name('refusal', verdict.why)}${of}`;
}

const significant = (words: PageWords, value: number): string =>
  formatNumber(words.language, Number(value.toPrecision(3)));

const usual = (words: PageWords, profile: FeatureProfile | undefined): string =>
  profile === undefined
    ? '–'
    : words.say('dashboard.lowToHigh', {
        low: significant(words, profile.low),
        high: significant(words, profile.high),
      });

function Features({ detail: { choice, profile } }: { readonly detail: QualityDetail }) {
  const words = useWords();
  if (profile.length === 0 && choice === null)
    return (
      <Empty title={words.say('dashboard-quality.featuresEmpty')}>
        {words.say('dashboard-quality.featuresEmptyDetail')}
      </Empty>
    );
  const verdicts = new Map(choice?.verdicts.map((verdict) => [verdict.feature, verdict]));
  const fleet = new Map(choice?.profile.map((one) => [one.feature, one]));
  const rows = profile.map((own) => ({
    key: own.feature,
    cells: [
      shortFeature(own.feature),
      verdictWords(words, verdicts.get(own.feature)),
      usual(words, own),
      usual(words, fleet.get(own.feature)),
      formatPercent(words.language, own.missing),
    ],
  }));
  const columns = (['feature', 'reason', 'range', 'fleet', 'missing'] as const).map((key) =>
    words.say(`dashboard-quality.${key}`),
  );
  return <DataTable name={words.say('dashboard-quality.features')} columns={columns} rows={rows} />;
}

function choiceNote(words: PageWords, { choice }: QualityDetail): string {
  if (choice === null) return words.say('dashboard-quality.featuresEmptyDetail');
  const chosen = choice.verdicts.filter((verdict) => verdict.chosen).length;
  const count = words.say('dashboard-quality.budgetOf', { chosen, all: choice.verdicts.length, budget: choice.budget });
  return `${count} ${words.say(choice.enforced ? 'dashboard-quality.choiceUsed' : 'dashboard-quality.choiceShown')}`;
}

/** The data of one entity: what came, what was dropped, and which of its features models get. */
export function EntityQualityPage({ id }: { readonly id: string }) {
  const words = useWords();
  const query = useQuality(id);
  return (
    <div className="space-y-10">
      <PageTitle title={id} note={words.say('dashboard-quality.title')} />
      <Loaded query={query}>
        {(detail) => (
          <div className="space-y-10">
            <Head quality={detail.quality} />
            <Drops quality={detail.quality} />
            <Section title={words.say('dashboard-quality.features')} note={choiceNote(words, detail)}>
              <Features detail={detail} />
            </Section>
          </div>
        )}
      </Loaded>
    </div>
  );
}
