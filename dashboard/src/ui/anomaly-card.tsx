import { BellOff, Check, Minus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import type { Anomaly, MemberOpinion } from '../../../src/model/anomaly.ts';
import { Verdicts } from '../feedback/verdicts.tsx';
import { duration } from '../format/duration.ts';
import { entityHref } from '../format/names.ts';
import { oneIn } from '../format/probability.ts';
import { OddSequences } from '../logs/odd-sequences.tsx';
import { useWords } from '../text/words.ts';
import { Contributions } from './contributions.tsx';
import { StateIcon } from './severity.tsx';
import { Similar } from './similar.tsx';
import { When } from './when.tsx';

/** Which of several detectors agree: a sign and a name each, and how improbable it is to each. */
function Members({ members }: { readonly members: readonly MemberOpinion[] }) {
  const words = useWords();
  const agree = members.filter(({ agrees }) => agrees).length;
  return (
    <div className="mt-4 text-sm">
      <h4 className="text-muted">{words.say('dashboard.agree', { agree, count: members.length })}</h4>
      <ul className="mt-1.5 flex flex-wrap gap-x-5 gap-y-1.5">
        {members
          .toSorted((a, b) => a.pValue - b.pValue)
          .map(({ detector, pValue, agrees }) => {
            const Icon = agrees ? Check : Minus;
            return (
              <li key={detector} className="flex items-center gap-1.5">
                <Icon size={15} aria-hidden strokeWidth={2.5} className={agrees ? 'text-accent' : 'text-line-strong'} />
                <span className={agrees ? '' : 'text-muted'}>{words.name('detector', detector)}</span>
                <span className="sr-only">{words.say(agrees ? 'dashboard.agrees' : 'dashboard.agreesNot')}</span>
                <span className="text-muted tabular-nums" title={`p = ${pValue}`}>
                  {oneIn(words, pValue)}
                </span>
              </li>
            );
          })}
      </ul>
    </div>
  );
}

/** Loads what was like it only when somebody wants to know. */
function Earlier({ anomaly }: { readonly anomaly: string }) {
  const words = useWords();
  const [open, setOpen] = useState(false);
  return (
    <details className="mt-4 text-sm" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="inline-block text-muted hover:text-ink">{words.say('dashboard.similar')}</summary>
      {open && <Similar anomaly={anomaly} />}
    </details>
  );
}

function Why({ anomaly }: { readonly anomaly: Anomaly }) {
  const words = useWords();
  const { kindReason, severityReason, heldBack, ending, provisional } = anomaly;
  return (
    <div className="mt-1.5 mb-3 max-w-prose space-y-1.5">
      {kindReason != null && <p>{words.phrase(kindReason)}</p>}
      <p className="text-sm text-muted">
        {words.phrase(severityReason)}{' '}
        <span title={`p = ${anomaly.pValue}`}>
          {words.say('dashboard.chance', { one: oneIn(words, anomaly.pValue) })}
        </span>
        {provisional && ` ${words.say('dashboard.provisional')}`}
      </p>
      {ending != null && (
        <p className="text-sm text-muted">
          {words.say('dashboard.endedBecause')} <span className="text-ink">{words.phrase(ending.reason)}</span>
        </p>
      )}
      {heldBack !== null && (
        <p className="flex gap-2 rounded-lg bg-sunken px-3 py-2 text-sm">
          <BellOff size={15} aria-hidden className="mt-1 shrink-0 text-muted" />
          {words.phrase(heldBack)}
        </p>
      )}
    </div>
  );
}

interface AnomalyCardProps {
  readonly anomaly: Anomaly;
  readonly withEntity?: boolean;
}

function Head({ anomaly, withEntity = false }: AnomalyCardProps): ReactNode {
  const words = useWords();
  const { start, end, severity } = anomaly;
  return (
    <h3 className="flex flex-wrap items-center gap-x-2 gap-y-1 font-semibold">
      <StateIcon state={severity} />
      {words.name('anomaly', anomaly.kind)}
      {withEntity && (
        <Link href={entityHref(anomaly.entity)} className="quiet-link font-normal text-muted">
          {anomaly.entity}
        </Link>
      )}
      <span className="text-sm font-normal text-muted">
        {words.name('state', severity)} · <When time={start} /> ·{' '}
        {end === null
          ? words.say('dashboard.stillOpen')
          : words.say('dashboard.lasted', { duration: duration(words, (end - start) / 1000) })}
      </span>
    </h3>
  );
}

/** An anomaly in full: what kind, since when, how sure, why that severity, which features, who agrees, and was it right. */
export function AnomalyCard(props: AnomalyCardProps) {
  const { anomaly } = props;
  return (
    <article className="card p-5">
      <Head {...props} />
      <Why anomaly={anomaly} />
      {anomaly.kind === 'log_sequence' && <OddSequences anomaly={anomaly} />}
      <Contributions contributions={anomaly.contributions} />
      {anomaly.members != null && anomaly.members.length > 1 && <Members members={anomaly.members} />}
      <Earlier anomaly={anomaly.id} />
      <div className="mt-4 border-t border-line pt-4">
        <Verdicts target="anomaly" id={anomaly.id} entity={anomaly.entity} />
      </div>
    </article>
  );
}
