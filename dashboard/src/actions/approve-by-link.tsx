import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { LinkView, Run } from '../../../src/model/action.ts';
import { get, send } from '../api/client.ts';
import { relative } from '../format/moment.ts';
import { useNow } from '../format/now.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Skeleton } from '../ui/states.tsx';
import { Plan } from './plan.tsx';

/** The token stands behind `#`, so that it never leaves the browser but to the interface. */
const tokenOf = (): string => location.hash.slice(1);
const pathOf = (token: string): string => `approval-links/${encodeURIComponent(token)}`;

function Said({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <section aria-live="polite" className="card p-5">
      <h1 className="text-xl font-semibold">{title}</h1>
      {children !== undefined && <div className="mt-2 max-w-prose space-y-2 text-muted">{children}</div>}
    </section>
  );
}

/** What became of the decision. */
function Decided({ run }: { readonly run: Run }) {
  const words = useWords();
  if (run.state === 'running' || run.state === 'succeeded')
    return (
      <Said title={words.say('dashboard-pages.linkRuns')}>
        <p>{words.say('dashboard-pages.linkRunsDetail', { entity: run.entity })}</p>
      </Said>
    );
  const byPerson = run.decidedBy !== 'vigia';
  return (
    <Said title={words.say(byPerson ? 'dashboard-pages.linkRejected' : 'dashboard-pages.linkRefused')}>
      <p>{!byPerson && run.error !== null ? words.phrase(run.error) : words.say('dashboard-pages.linkNothing')}</p>
    </Said>
  );
}

/** What it is, how much it disturbs, and until when it waits. */
function Head({ view: { title, disruption, expiresAt } }: { readonly view: LinkView }) {
  const words = useWords();
  const now = useNow();
  return (
    <div>
      <h1 className="text-xl font-semibold break-words">{title[words.language]}</h1>
      <p className="mt-1 text-sm text-muted">
        {words.name('disruption', disruption)}
        {' · '}
        {words.say('dashboard-incident.expires', { when: relative(words, expiresAt, now) })}
      </p>
    </div>
  );
}

function Asked({ view, token }: { readonly view: LinkView; readonly token: string }) {
  const words = useWords();
  const [note, setNote] = useState('');
  const decide = useMutation({
    mutationFn: (decision: 'approve' | 'reject') => send<Run>('POST', pathOf(token), { decision, note }),
  });
  if (decide.data !== undefined) return <Decided run={decide.data} />;
  const { run, mayApprove, needs } = view;
  return (
    <div className="card space-y-5 p-5">
      <Head view={view} />
      <Plan run={run} />
      {!mayApprove && (
        <p className="rounded-lg bg-warning-soft px-3 py-2 text-sm text-warning">
          {words.say('dashboard-pages.linkRole', { role: needs })}
        </p>
      )}
      <label className="block text-sm">
        {words.say('dashboard-pages.linkWhy')}
        <input
          value={note}
          maxLength={4000}
          onChange={(event) => setNote(event.target.value)}
          className="mt-1.5 h-11 w-full rounded-lg border border-line-strong bg-surface px-2.5"
        />
      </label>
      {decide.error !== null && (
        <p role="alert" className="rounded-lg bg-critical-soft px-3 py-2 text-sm text-critical">
          {decide.error.message === '' ? words.say('dashboard.unreachable') : decide.error.message}
        </p>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button look="danger" busy={decide.isPending} onClick={() => decide.mutate('reject')}>
          {words.say('dashboard-incident.reject')}
        </Button>
        {mayApprove && (
          <Button look="primary" busy={decide.isPending} onClick={() => decide.mutate('approve')}>
            {words.say('dashboard-incident.approveNow')}
          </Button>
        )}
      </div>
      <p className="text-sm text-muted">{words.say('dashboard-pages.linkNote', { channel: view.channel })}</p>
    </div>
  );
}

/**
 * Where a signed link in a message leads: what would be done, and one press that decides. It needs no token, so it stands
 * outside of the ordinary pages.
 */
export function ApproveByLink() {
  const words = useWords();
  const token = tokenOf();
  const view = useQuery({
    queryKey: ['approval-link', token],
    queryFn: ({ signal }) => get<LinkView>(pathOf(token), signal),
    enabled: token !== '',
    staleTime: Number.POSITIVE_INFINITY,
  });
  const problem = token === '' ? words.say('dashboard-pages.linkMissing') : (view.error?.message ?? null);
  return (
    <main className="mx-auto max-w-2xl px-4 pt-8 pb-16">
      <p className="mb-5 font-semibold tracking-tight">Vigía</p>
      {problem === null ? (
        view.data === undefined ? (
          <Skeleton rows={1} height="h-64" />
        ) : (
          <Asked view={view.data} token={token} />
        )
      ) : (
        <Said title={words.say('dashboard-pages.linkUseless')}>
          <p>{problem === '' ? words.say('dashboard.unreachable') : problem}</p>
          <p>
            <a href="/actions" className="font-medium text-accent underline underline-offset-3">
              {words.say('dashboard-pages.linkOnward')}
            </a>
          </p>
        </Said>
      )}
    </main>
  );
}
