import type { Run } from '../../../src/model/action.ts';
import { useState } from 'react';
import { Link } from 'wouter';
import { relative } from '../format/moment.ts';
import { entityHref, incidentHref } from '../format/names.ts';
import { useNow } from '../format/now.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { ApproveDialog, RejectDialog } from './approve-dialog.tsx';
import { useActionTitle } from './action-title.ts';

/** A run that waits for a person: what, where, why, until when; approve or reject. */
export function WaitingRun({ run }: { readonly run: Run }) {
  const words = useWords();
  const now = useNow();
  const title = useActionTitle();
  const [asking, setAsking] = useState<'approve' | 'reject' | null>(null);
  const close = (): void => setAsking(null);
  return (
    <div className="card border-l-3 border-l-accent p-4">
      <p className="font-medium">{title(run.action)}</p>
      <p className="mt-0.5 text-sm break-words text-muted">
        <Link href={entityHref(run.entity)} className="quiet-link">
          {run.entity}
        </Link>
        {run.expiresAt !== null &&
          ` · ${words.say('dashboard-incident.expires', { when: relative(words, run.expiresAt, now) })}`}
      </p>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button look="primary" onClick={() => setAsking('approve')}>
          {words.say('dashboard-incident.approve')}
        </Button>
        <Button onClick={() => setAsking('reject')}>{words.say('dashboard-incident.reject')}</Button>
        {run.incident !== null && (
          <Link href={incidentHref(run.incident)} className="quiet-link ml-auto self-center text-sm text-accent">
            {words.say('dashboard-incident.why')}
          </Link>
        )}
      </div>
      {asking === 'approve' && <ApproveDialog run={run} onClose={close} />}
      {asking === 'reject' && <RejectDialog run={run} onClose={close} />}
    </div>
  );
}
