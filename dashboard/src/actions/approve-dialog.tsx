import type { Run } from '../../../src/model/action.ts';
import { relative } from '../format/moment.ts';
import { useNow } from '../format/now.ts';
import { useApprove, useReject } from '../api/changes.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Failed } from '../ui/states.tsx';
import { useState } from 'react';
import { useActionTitle } from './action-title.ts';
import { Plan } from './plan.tsx';
import { isRefused, Refusal } from './refusal.tsx';

interface RunDialogProps {
  readonly run: Run;
  readonly onClose: () => void;
}

/** Asks once, and says before what will happen. */
export function ApproveDialog({ run, onClose }: RunDialogProps) {
  const words = useWords();
  const now = useNow();
  const title = useActionTitle();
  const approve = useApprove();
  return (
    <Dialog title={words.say('dashboard-incident.approveTitle', { action: title(run.action) })} onClose={onClose}>
      <div className="space-y-5">
        <Plan run={run} />
        {run.expiresAt !== null && (
          <p className="text-sm text-muted first-letter:uppercase">
            {words.say('dashboard-incident.expires', { when: relative(words, run.expiresAt, now) })}
          </p>
        )}
        {approve.error !== null && <Failed error={approve.error} />}
        <Refusal run={approve.data} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{words.say('dashboard.cancel')}</Button>
          <Button
            look="primary"
            busy={approve.isPending}
            disabled={isRefused(approve.data)}
            onClick={() => approve.mutate(run.id, { onSuccess: (decided) => isRefused(decided) || onClose() })}
          >
            {words.say('dashboard-incident.approveNow')}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

export function RejectDialog({ run, onClose }: RunDialogProps) {
  const words = useWords();
  const title = useActionTitle();
  const reject = useReject();
  const [note, setNote] = useState('');
  return (
    <Dialog title={words.say('dashboard-incident.rejectTitle', { action: title(run.action) })} onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          reject.mutate({ id: run.id, note }, { onSuccess: onClose });
        }}
      >
        <label className="block text-sm">
          {words.say('dashboard-incident.rejectWhy')}
          <textarea
            value={note}
            maxLength={4000}
            rows={3}
            onChange={(event) => setNote(event.target.value)}
            className="mt-1.5 w-full rounded-lg border border-line-strong bg-surface p-2.5"
          />
        </label>
        {reject.error !== null && <Failed error={reject.error} />}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{words.say('dashboard.cancel')}</Button>
          <Button type="submit" look="danger" busy={reject.isPending}>
            {words.say('dashboard-incident.reject')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
