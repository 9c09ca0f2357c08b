import { formatPercent } from '../../../src/text/format.ts';
import type { RankedAction, Run, SimilarCase } from '../../../src/model/action.ts';
import { useState } from 'react';
import { useWords } from '../text/words.ts';
import { ApproveDialog, RejectDialog } from '../actions/approve-dialog.tsx';
import { duration } from '../format/duration.ts';
import { Button } from '../ui/button.tsx';
import { IntervalBar } from '../ui/interval-bar.tsx';
import { RunDialog } from './run-dialog.tsx';
import { SimilarCases } from './similar-cases.tsx';

/** The estimate as a mark and its interval as a bar: how good, and how sure. */
function Chance({ action }: { readonly action: RankedAction }) {
  const words = useWords();
  const { disruptionMinutes } = action;
  const percent = (share: number): string => formatPercent(words.language, share);
  return (
    <div>
      <p className="text-sm">
        <span className="text-lg font-semibold">{percent(action.probability)}</span>{' '}
        <span className="text-muted">
          {words.say('dashboard-incident.success', { low: percent(action.low), high: percent(action.high) })}
        </span>
      </p>
      <IntervalBar value={action.probability} low={action.low} high={action.high} />
      <p className="text-sm text-muted">
        {action.tried === 0
          ? words.say('dashboard-incident.neverTried')
          : words.say('dashboard-incident.tried', { resolved: action.resolved, count: action.tried })}
        {' · '}
        {words.name('disruption', action.disruption)}
        {disruptionMinutes !== undefined &&
          disruptionMinutes > 0 &&
          `, ${words.say('dashboard-policies.expectedCost', { cost: duration(words, Math.round(disruptionMinutes * 60)) })}`}
      </p>
    </div>
  );
}

interface RankedActionCardProps {
  readonly action: RankedAction;
  readonly incident: string;
  /** The run that waits for approval of this very action, if there is one. */
  readonly waiting: Run | undefined;
  /** Past cases that were like this one, of any action. */
  readonly similar: readonly SimilarCase[];
}

type Asking = 'simulate' | 'run' | 'approve' | 'reject' | null;

function Buttons({
  action,
  waiting,
  onAsk,
}: {
  readonly action: RankedAction;
  readonly waiting: Run | undefined;
  readonly onAsk: (what: Asking) => void;
}) {
  const words = useWords();
  // What Vigía is not sure enough of is for a person to decide.
  const free = action.blocked === null || action.blocked.key === 'act.no_unsure';
  const mayRun = free && action.mode !== 'observe';
  return (
    <div className="mt-4 flex flex-wrap gap-2">
      {waiting !== undefined && (
        <>
          <Button look="primary" onClick={() => onAsk('approve')}>
            {words.say('dashboard-incident.approve')}
          </Button>
          <Button onClick={() => onAsk('reject')}>{words.say('dashboard-incident.reject')}</Button>
        </>
      )}
      {waiting === undefined && mayRun && (
        <Button look={action.rank === 1 ? 'primary' : 'plain'} onClick={() => onAsk('run')}>
          {words.say('dashboard-incident.run')}
        </Button>
      )}
      <Button onClick={() => onAsk('simulate')}>{words.say('dashboard-incident.simulate')}</Button>
    </div>
  );
}

/** One recommended action with what speaks for it and what it would cost. */
export function RankedActionCard({ action, incident, waiting, similar }: RankedActionCardProps) {
  const words = useWords();
  const [asking, setAsking] = useState<Asking>(null);
  const close = (): void => setAsking(null);
  const title = action.title[words.language];
  return (
    <article className="card p-5">
      <h3 className="font-semibold">
        {action.rank}. {title}
      </h3>
      <p className="mb-3 text-sm break-words text-muted">
        {action.entity} · {words.name('mode', action.mode)}
      </p>
      <Chance action={action} />
      {action.reasons.length > 0 && (
        <ul className="mt-2 list-disc space-y-0.5 pl-5 text-sm text-muted">
          {action.reasons.map((reason) => (
            <li key={words.phrase(reason)}>{words.phrase(reason)}</li>
          ))}
        </ul>
      )}
      <SimilarCases cases={similar.filter((one) => one.action === action.action)} />
      {action.blocked !== null && (
        <p className="mt-3 rounded-lg bg-warning-soft px-3 py-2 text-sm text-warning">{words.phrase(action.blocked)}</p>
      )}
      {action.blocked === null && action.waits !== undefined && action.waits !== null && (
        <p className="mt-3 rounded-lg bg-sunken px-3 py-2 text-sm">
          {words.say('dashboard-incident.waits', { why: words.phrase(action.waits) })}
        </p>
      )}
      <Buttons action={action} waiting={waiting} onAsk={setAsking} />
      {asking === 'approve' && waiting !== undefined && <ApproveDialog run={waiting} onClose={close} />}
      {asking === 'reject' && waiting !== undefined && <RejectDialog run={waiting} onClose={close} />}
      {(asking === 'simulate' || asking === 'run') && (
        <RunDialog
          request={{ action: action.action, entity: action.entity, incident }}
          title={title}
          simulation={asking === 'simulate'}
          onClose={close}
        />
      )}
    </article>
  );
}
