import { useLayoutEffect, useRef, useState } from 'react';
import type { Outcome, Run } from '../../../src/model/action.ts';
import { Link } from 'wouter';
import { entityHref } from '../format/names.ts';
import { quantity } from '../format/quantity.ts';
import { useWords } from '../text/words.ts';
import { FeatureLabel } from '../ui/feature-label.tsx';
import { When } from '../ui/when.tsx';
import { useActionTitle } from './action-title.ts';
import { Plan } from './plan.tsx';

const verdictInk: Readonly<Record<Outcome['verdict'], string>> = {
  resolved: 'text-accent',
  ineffective: 'text-warning',
  harmful: 'text-critical',
  inconclusive: 'text-muted',
};

function Evidence({ outcome }: { readonly outcome: Outcome }) {
  const words = useWords();
  return (
    <div className="mt-3 border-t border-line pt-3 text-sm">
      <p>
        <span className={`font-semibold ${verdictInk[outcome.verdict]}`}>{words.name('verdict', outcome.verdict)}</span>
        {' · '}
        {words.phrase(outcome.reason)}{' '}
        <span className="text-muted">
          <When time={outcome.decidedAt} />
        </span>
      </p>
      {outcome.evidence.map(({ feature, before, after, unit }) => (
        <p key={feature} className="mt-1 text-muted">
          <FeatureLabel feature={feature} />:{' '}
          <span className="text-ink">
            {words.say('dashboard-incident.beforeAfter', {
              before: quantity(words, before, unit),
              after: quantity(words, after, unit),
            })}
          </span>
        </p>
      ))}
    </div>
  );
}

/** What it printed: while it runs the newest lines come into sight by themselves, and screen readers say them. */
function Output({ run }: { readonly run: Run }) {
  const words = useWords();
  const element = useRef<HTMLPreElement>(null);
  const { output } = run;
  const runs = run.state === 'running';
  useLayoutEffect(() => {
    if (runs && output !== '' && element.current !== null) element.current.scrollTop = element.current.scrollHeight;
  }, [runs, output]);
  if (output === '' && !runs) return null;
  return (
    <pre
      ref={element}
      role={runs ? 'log' : 'region'}
      aria-label={words.say(runs ? 'dashboard-incident.outputSoFar' : 'dashboard-incident.output')}
      // It scrolls, so it has to be reached without a mouse too.
      tabIndex={0}
      className="max-h-60 overflow-auto rounded-lg bg-sunken px-3.5 py-3 font-mono text-[13px] whitespace-pre-wrap"
    >
      {output === '' ? words.say('dashboard-incident.outputNone') : output}
    </pre>
  );
}

/** One run with its plan, what it printed and what it brought. */
export function RunCard({ run, outcome }: { readonly run: Run; readonly outcome: Outcome | undefined }) {
  const words = useWords();
  const title = useActionTitle();
  // Who comes while it runs wants to see it run; it stays as they leave it.
  const [open] = useState(run.state === 'running');
  return (
    <article className="px-5 py-4">
      <h3 className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="font-medium">{title(run.action)}</span>
        <span className="text-sm text-muted">
          {words.name('run', run.state)} · <When time={run.endedAt ?? run.startedAt ?? run.requestedAt} />
        </span>
      </h3>
      <p className="text-sm text-muted">
        <Link href={entityHref(run.entity)} className="quiet-link">
          {run.entity}
        </Link>
        {' · '}
        {words.say('dashboard-incident.requestedBy', { who: run.requestedBy })}
        {run.decidedBy !== null && ` · ${words.say('dashboard-incident.decidedBy', { who: run.decidedBy })}`}
        {run.exitCode !== null && ` · ${words.say('dashboard-incident.exitCode', { code: run.exitCode })}`}
      </p>
      {run.error !== null && <p className="mt-1 text-sm text-critical">{words.phrase(run.error)}</p>}
      <details className="mt-2 text-sm" open={open}>
        <summary className="inline-block text-muted hover:text-ink">{words.say('dashboard-incident.details')}</summary>
        <div className="mt-2 space-y-3">
          <Plan run={run} />
          <Output run={run} />
        </div>
      </details>
      {outcome !== undefined && <Evidence outcome={outcome} />}
    </article>
  );
}
