import type { SourceView, Status } from '../../../src/api/contract/views.ts';
import { formatBytes, formatNumber } from '../../../src/text/format.ts';
import { Link } from 'wouter';
import { useSources, useStatus } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { Progress } from '../ui/progress.tsx';
import { PageTitle, Section } from '../ui/section.tsx';
import { type State, StateIcon } from '../ui/severity.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { isSkewed, skewWords } from '../quality/quality-words.ts';
import { When } from '../ui/when.tsx';
import { DeadLetters } from './dead-letters.tsx';

const sourceStates: Readonly<Record<SourceView['state'], State>> = { up: 'calm', down: 'critical', idle: 'silent' };

/** What a source has brought so far; of log lines also how fast they come and what waits. */
function Counts({ source: { samples, series, logs } }: { readonly source: SourceView }) {
  const words = useWords();
  const number = (value: number): string => formatNumber(words.language, value);
  if (logs === undefined)
    return words.say('dashboard-pages.sourceCounts', { samples: number(samples), series: number(series) });
  const { perSecond, files, behindBytes = 0, connections } = logs;
  const bytes = formatBytes(words.language, behindBytes);
  return [
    words.say('dashboard-pages.sourceLines', { lines: number(samples), rate: number(perSecond) }),
    ...(files === undefined ? [] : [words.say('dashboard-pages.sourceFiles', { files: number(files), bytes })]),
    ...(connections === undefined ? [] : [words.say('dashboard-pages.sourceConnections', { count: connections })]),
  ].join(' · ');
}

function SourceRow({ source }: { readonly source: SourceView }) {
  const words = useWords();
  const number = (value: number): string => formatNumber(words.language, value);
  const drops = Object.entries(source.drops).filter(([, count]) => count > 0);
  return (
    <li className="px-5 py-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <StateIcon state={sourceStates[source.state]} />
        <span className="font-medium break-all">{source.name}</span>
        <span className="text-sm text-muted">
          {words.name('source', source.kind)} · {words.name('sourceState', source.state)}
          {source.lastSuccess !== null && (
            <>
              {' · '}
              {words.say('dashboard-pages.lastSuccess')} <When time={source.lastSuccess} />
            </>
          )}
        </span>
        <span className="ml-auto text-sm text-muted">
          <Counts source={source} />
        </span>
      </div>
      {source.lastError !== null && (
        <p className="mt-1.5 text-sm text-warning">
          {words.phrase(source.lastError.phrase)} (<When time={source.lastError.time} />)
        </p>
      )}
      {isSkewed(source.skewMs) && (
        <p className="mt-1.5 text-sm text-warning">
          {words.say('dashboard-quality.skew')}: {skewWords(words, { skewMs: source.skewMs })}
        </p>
      )}
      {source.worst !== undefined && source.worst.length > 0 && (
        <p className="mt-1.5 text-sm text-warning">
          {words.say('dashboard-quality.worst')}:{' '}
          {source.worst.map(({ metric, refused }) => `${metric} ${number(refused)}`).join(', ')}
        </p>
      )}
      {drops.length > 0 && (
        <p className="mt-1.5 text-sm text-muted">
          {words.say('dashboard-pages.dropped')}{' '}
          {drops.map(([reason, count]) => `${words.name('drop', reason)} ${number(count)}`).join(', ')}
        </p>
      )}
    </li>
  );
}

function Health({ status }: { readonly status: Status }) {
  const words = useWords();
  const { store } = status;
  const bytes = (value: number): string => formatBytes(words.language, value);
  const label = words.say('dashboard-pages.storeUse', { used: bytes(store.bytes), budget: bytes(store.budgetBytes) });
  return (
    <div className="card grid gap-x-10 gap-y-5 p-5 text-sm md:grid-cols-2">
      <div>
        <p className="mb-2">
          {store.kind} · {label}
        </p>
        <Progress value={store.bytes} of={store.budgetBytes} label={label} />
        <p className="mt-3 text-muted">
          Vigía {status.version} · {words.say('dashboard-pages.memory', { bytes: bytes(status.residentBytes) })} ·{' '}
          {words.say('dashboard-pages.startedAt')} <When time={status.startedAt} />
        </p>
      </div>
      <ul className="grid grid-cols-2 gap-x-8 gap-y-1 self-start">
        {status.stages.map(({ name, lag }) => (
          <li key={name} className="flex justify-between gap-3">
            <span className="text-muted">{name}</span>
            <span className={lag > 0 ? 'font-medium' : 'text-muted'}>
              {words.say('dashboard-pages.lag', { count: lag })}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Where the data comes from, how fresh it is, and what was dropped and why. */
export function DataPage() {
  const words = useWords();
  const sources = useSources();
  const status = useStatus();
  return (
    <div className="space-y-10">
      <PageTitle title={words.say('dashboard.data')} note={words.say('dashboard-pages.dataNote')}>
        <Link
          href="/quality"
          className="inline-flex min-h-10 items-center rounded-lg border border-line-strong bg-surface px-3.5 py-1.5 text-sm font-medium hover:bg-sunken"
        >
          {words.say('dashboard-quality.openList')}
        </Link>
      </PageTitle>
      <Section title={words.say('dashboard-pages.sources')}>
        <Loaded query={sources}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title={words.say('dashboard-pages.sourcesEmpty')}>
                {words.say('dashboard-pages.sourcesEmptyDetail')}
              </Empty>
            ) : (
              <ul className="card divide-y divide-line">
                {items.map((source) => (
                  <SourceRow key={source.name} source={source} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Section>
      <Section title={words.say('dashboard-pages.health')}>
        <Loaded query={status}>{(data) => <Health status={data} />}</Loaded>
      </Section>
      <DeadLetters />
    </div>
  );
}
