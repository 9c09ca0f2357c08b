import { Link } from 'wouter';
import type { Settings } from '../../../src/api/contract/views.ts';
import { useActions, useOutcomes, useRuns, useSettings } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { Listed } from '../ui/listed.tsx';
import { PageTitle, Section } from '../ui/section.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { Breaker } from './breaker.tsx';
import { Catalogue } from './catalogue.tsx';
import { KillSwitch } from './kill-switch.tsx';
import { Ladder } from './ladder.tsx';
import { RunCard } from './run-card.tsx';
import { WaitingRun } from './waiting-run.tsx';

function Runs({ runs }: { readonly runs: ReturnType<typeof useRuns> }) {
  const words = useWords();
  const outcomes = useOutcomes();
  const byRun = new Map(outcomes.data?.items.map((outcome) => [outcome.run, outcome]));
  return (
    <Section title={words.say('dashboard-pages.runs')}>
      <Listed
        query={runs}
        empty={
          <Empty title={words.say('dashboard-pages.runsEmpty')}>{words.say('dashboard-pages.runsEmptyDetail')}</Empty>
        }
      >
        {(items) => (
          <VirtualList
            items={items.filter(({ state }) => state !== 'awaiting_approval')}
            keyOf={({ id }) => id}
            label={words.say('dashboard-pages.runs')}
            rowHeight={120}
            renderRow={(run) => <RunCard run={run} outcome={byRun.get(run.id)} />}
          />
        )}
      </Listed>
    </Section>
  );
}

function Actions({ settings }: { readonly settings: Settings | undefined }) {
  const words = useWords();
  const actions = useActions();
  const empty = (
    <Empty title={words.say('dashboard-pages.catalogueEmpty')}>
      {words.say('dashboard-pages.catalogueEmptyDetail')}
    </Empty>
  );
  return (
    <Section title={words.say('dashboard-pages.catalogue')} note={words.say('dashboard-pages.catalogueNote')}>
      <Loaded query={actions}>
        {({ items }) => (items.length === 0 ? empty : <Catalogue actions={items} settings={settings} />)}
      </Loaded>
    </Section>
  );
}

/** Where the questions behind the actions are answered. */
function Onward() {
  const words = useWords();
  const link = 'flex min-h-10 items-center text-sm font-medium text-accent underline underline-offset-3';
  return (
    <div className="flex flex-wrap gap-x-5">
      <Link href="/value" className={link}>
        {words.say('dashboard-policies.valueLink')}
      </Link>
      <Link href="/policies" className={link}>
        {words.say('dashboard-policies.link')}
      </Link>
    </div>
  );
}

/** What may be done and how far by itself, what waits, what was done; and the switch that stops it all. */
export function ActionsPage() {
  const words = useWords();
  const settings = useSettings();
  const runs = useRuns();
  const waiting = (runs.data?.items ?? []).filter(({ state }) => state === 'awaiting_approval');
  return (
    <div className="space-y-10">
      <div>
        <PageTitle title={words.say('dashboard.actions')} note={words.say('dashboard-pages.actionsNote')}>
          <Onward />
        </PageTitle>
        <Loaded query={settings}>{(data) => <KillSwitch settings={data} />}</Loaded>
        <Breaker />
      </div>
      {waiting.length > 0 && (
        <Section title={words.say('dashboard-pages.waiting')}>
          <ul className="grid gap-3 md:grid-cols-2 xl:grid-cols-3">
            {waiting.map((run) => (
              <li key={run.id}>
                <WaitingRun run={run} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Actions settings={settings.data} />
      <Ladder />
      <Runs runs={runs} />
    </div>
  );
}
