import type { AlertingView } from '../../../src/api/contract/alerting.ts';
import { useAlerting, useSettings } from '../api/queries.ts';
import { duration } from '../format/duration.ts';
import { oneIn } from '../format/probability.ts';
import { BudgetGauge } from '../overview/budget-gauge.tsx';
import { BudgetForm } from '../settings/budget-form.tsx';
import type { PageWords } from '../text/page-words.ts';
import { useWords } from '../text/words.ts';
import { PageTitle, Section } from '../ui/section.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';
import { NoiseTable } from './noise-table.tsx';

const potName = (words: PageWords, pot: string): string =>
  pot === 'fleet' ? words.say('dashboard-pages.potFleet') : pot;

/** One gauge a pot and line: the fleet's, and those of overrides. */
function Pots({ pots }: { readonly pots: AlertingView['pots'] }) {
  const words = useWords();
  return (
    <Section title={words.say('dashboard-pages.pots')} note={words.say('dashboard-pages.potsNote')}>
      <ul className="card grid gap-x-10 gap-y-5 p-5 sm:grid-cols-2">
        {pots.map(({ pot, line, limit, used, windowSeconds }) => {
          const what = words.say(line === 'pages' ? 'dashboard-overview.pages' : 'dashboard-overview.warningsLine');
          const name = pot === 'fleet' && pots.length <= 2 ? what : `${potName(words, pot)} · ${what}`;
          return (
            <li key={`${pot} ${line}`}>
              <BudgetGauge line={{ limit, used }} label={`${name} · ${duration(words, windowSeconds)}`} />
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

type Threshold = AlertingView['thresholds'][number];

function ThresholdCard({ threshold }: { readonly threshold: Threshold }) {
  const words = useWords();
  const { pots, warning, critical, how, days, check, solvedAt } = threshold;
  const lines = [
    { key: 'page', value: critical, name: 'dashboard-pages.thresholdPage', how: how.pages },
    { key: 'warning', value: warning, name: 'dashboard-pages.thresholdWarning', how: how.warnings },
  ] as const;
  const pot = pots.pages === pots.warnings ? pots.pages : `${pots.pages}, ${pots.warnings}`;
  return (
    <li className="card p-5">
      <h3 className="mb-3 text-sm text-muted">{potName(words, pot)}</h3>
      <dl className="grid gap-x-10 gap-y-4 sm:grid-cols-2">
        {lines.map((line) => (
          <div key={line.key}>
            <dt className="sr-only">{words.say(line.name)}</dt>
            <dd>
              <span className="text-xl font-semibold tabular-nums">{oneIn(words, line.value)}</span>{' '}
              <span className="text-muted">{words.say(line.name)}</span>
              <span className="block text-sm text-muted">{words.say(`dashboard-pages.how_${line.how}`)}</span>
            </dd>
          </div>
        ))}
      </dl>
      <p className="mt-4 text-sm text-muted">
        {words.say('dashboard-pages.historyDays', { count: Math.round(days), days })} · <When time={solvedAt} />
        {check !== null && ` · ${words.say(check.kept ? 'dashboard-pages.checkKept' : 'dashboard-pages.checkBroken')}`}
      </p>
    </li>
  );
}

function Thresholds({ thresholds }: { readonly thresholds: readonly Threshold[] }) {
  const words = useWords();
  return (
    <Section title={words.say('dashboard-pages.thresholds')} note={words.say('dashboard-pages.thresholdsNote')}>
      {thresholds.length === 0 ? (
        <Empty title={words.say('dashboard-pages.thresholdsEmpty')}>
          {words.say('dashboard-pages.thresholdsEmptyDetail')}
        </Empty>
      ) : (
        <ul className="space-y-4">
          {thresholds.map((threshold) => (
            <ThresholdCard key={`${threshold.pots.pages} ${threshold.pots.warnings}`} threshold={threshold} />
          ))}
        </ul>
      )}
    </Section>
  );
}

/** What reaches people, and what keeps the rest from them. */
export function AlertingPage() {
  const words = useWords();
  const settings = useSettings();
  return (
    <>
      <PageTitle title={words.say('dashboard.alerting')} note={words.say('dashboard-pages.alertingNote')}>
        {settings.data !== undefined && (
          <BudgetForm key={JSON.stringify(settings.data.alertBudget)} settings={settings.data} />
        )}
      </PageTitle>
      <Loaded query={useAlerting()}>
        {(view) => (
          <div className="max-w-5xl space-y-9">
            <Pots pots={view.pots} />
            <Thresholds thresholds={view.thresholds} />
            <NoiseTable items={view.noise.items} />
          </div>
        )}
      </Loaded>
    </>
  );
}
