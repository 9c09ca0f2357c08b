import { useState } from 'react';
import type { ValueReport } from '../../../src/model/value.ts';
import { formatNumber } from '../../../src/text/format.ts';
import { useActionTitle } from '../actions/action-title.ts';
import { useValue } from '../api/queries.ts';
import { duration } from '../format/duration.ts';
import { day } from '../format/moment.ts';
import { useNow } from '../format/now.ts';
import type { PageWords } from '../text/page-words.ts';
import { useWords } from '../text/words.ts';
import { Choice } from '../ui/choice.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { type Figure, Figures } from '../ui/figures.tsx';
import { PageTitle, Section } from '../ui/section.tsx';
import { Empty, Loaded, Skeleton } from '../ui/states.tsx';

const PERIODS: readonly number[] = [7, 30, 90];
const USUAL = '30';
const DAY_MS = 86_400_000;
/** The end moves on in these steps, so that the report is not made anew every few seconds. */
const GRAIN_MS = 300_000;

/** Below zero it is said as what it is: acting cost time. */
function minutes(words: PageWords, value: number): string {
  const text = duration(words, Math.round(Math.abs(value) * 60));
  return value < 0 ? `−${text}` : text;
}

function figuresOf(words: PageWords, report: ValueReport): readonly Figure[] {
  const { downtimeAvoidedMinutes: avoided, needlessAvoided: needless, harmful, disruptionMinutes } = report;
  const count = (value: number): string => formatNumber(words.language, value);
  const between = (low: string, high: string): string => words.say('dashboard-policies.between', { low, high });
  return [
    ...(avoided === null
      ? []
      : [
          {
            label: words.say('dashboard-policies.avoided'),
            value: minutes(words, avoided.value),
            detail: between(minutes(words, avoided.low), minutes(words, avoided.high)),
          },
        ]),
    ...(needless === null
      ? []
      : [
          {
            label: words.say('dashboard-policies.needless'),
            value: count(needless.value),
            detail: needless.low < needless.high ? between(count(needless.low), count(needless.high)) : undefined,
          },
        ]),
    { label: words.say('dashboard-policies.harmful'), value: count(harmful) },
    { label: words.say('dashboard-policies.disruption'), value: minutes(words, disruptionMinutes) },
  ];
}

function ByAction({ report }: { readonly report: ValueReport }) {
  const words = useWords();
  const title = useActionTitle();
  if (report.actions.length === 0)
    return (
      <Empty title={words.say('dashboard-policies.byActionEmpty')}>
        {words.say('dashboard-policies.byActionEmptyDetail')}
      </Empty>
    );
  const count = (value: number): string => formatNumber(words.language, value);
  return (
    <DataTable
      name={words.say('dashboard-policies.byAction')}
      columns={[
        words.say('dashboard-policies.columnAction'),
        words.say('dashboard-policies.columnRuns'),
        words.say('dashboard-policies.columnAutomatic'),
        ...(['resolved', 'ineffective', 'harmful', 'inconclusive'] as const).map((one) => words.name('verdict', one)),
        words.say('dashboard-policies.columnUndecided'),
        words.say('dashboard-policies.columnCost'),
      ]}
      rows={report.actions.map((one) => ({
        key: one.action,
        cells: [
          title(one.action),
          ...[one.runs, one.automatic, one.resolved, one.ineffective, one.harmful, one.inconclusive, one.undecided].map(
            count,
          ),
          minutes(words, one.disruptionMinutes),
        ],
      }))}
    />
  );
}

function Report({ report }: { readonly report: ValueReport }) {
  const words = useWords();
  const now = useNow();
  const range = { from: day(words.language, report.from, now), to: day(words.language, report.to, now) };
  return (
    <div className="space-y-10">
      <div className="card p-5">
        <p className="mb-5 text-muted">
          {words.say('dashboard-policies.range', range)}.{' '}
          {words.say('dashboard-policies.ofIncidents', { acted: report.actedUpon, count: report.incidents })}
        </p>
        {report.downtimeAvoidedMinutes === null && (
          <div className="mb-5">
            <Empty title={words.say('dashboard-policies.avoidedNone')}>
              {words.say('dashboard-policies.avoidedNoneDetail')}
            </Empty>
          </div>
        )}
        <Figures figures={figuresOf(words, report)} />
      </div>
      {report.assumptions.length > 0 && (
        <Section title={words.say('dashboard-policies.assumptions')}>
          <ul className="max-w-prose list-disc space-y-1 pl-5">
            {report.assumptions.map((one) => (
              <li key={words.phrase(one)}>{words.phrase(one)}</li>
            ))}
          </ul>
        </Section>
      )}
      <Section title={words.say('dashboard-policies.byAction')}>
        <ByAction report={report} />
      </Section>
    </div>
  );
}

/** What acting was worth in a period, how sure that is, and what it rests on. */
export function ValuePage() {
  const words = useWords();
  const now = useNow();
  const [days, setDays] = useState(USUAL);
  const to = Math.ceil(now / GRAIN_MS) * GRAIN_MS;
  const query = useValue({ from: to - Number(days) * DAY_MS, to });
  return (
    <>
      <PageTitle title={words.say('dashboard-policies.value')} note={words.say('dashboard-policies.valueNote')}>
        <Choice
          label={words.say('dashboard-policies.period')}
          value={days}
          options={PERIODS.map((count) => ({
            value: String(count),
            label: words.say('dashboard-policies.days', { count }),
          }))}
          onChange={setDays}
        />
      </PageTitle>
      <Loaded query={query} skeleton={<Skeleton rows={2} height="h-40" />}>
        {(report) => <Report report={report} />}
      </Loaded>
    </>
  );
}
