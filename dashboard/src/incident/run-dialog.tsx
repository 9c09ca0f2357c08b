import { useQuery } from '@tanstack/react-query';
import { dryRun, type RunRequest, useRunNow } from '../api/changes.ts';
import { Plan } from '../actions/plan.tsx';
import { isRefused, Refusal } from '../actions/refusal.tsx';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Failed, Skeleton } from '../ui/states.tsx';

interface RunDialogProps {
  readonly request: RunRequest;
  readonly title: string;
  /** Only shows what would be done. */
  readonly simulation: boolean;
  readonly onClose: () => void;
}

/** Simulates first, always: shows exactly what would be done, and where that is wanted lets a person do it. */
export function RunDialog({ request, title, simulation, onClose }: RunDialogProps) {
  const words = useWords();
  // One simulation for each time that the dialog opens, never repeated by itself.
  const plan = useQuery({
    queryKey: ['dry-run', request],
    queryFn: () => dryRun(request),
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
    refetchOnWindowFocus: false,
  });
  const run = useRunNow();
  const heading = words.say(simulation ? 'dashboard-incident.simulationTitle' : 'dashboard-incident.runTitle', {
    action: title,
  });
  return (
    <Dialog title={heading} onClose={onClose}>
      <div className="space-y-5">
        {simulation && <p className="text-sm text-muted">{words.say('dashboard-incident.simulationNote')}</p>}
        {plan.data !== undefined && <Plan run={plan.data} />}
        {plan.isPending && <Skeleton rows={2} height="h-12" />}
        {plan.error !== null && <Failed error={plan.error} />}
        {run.error !== null && <Failed error={run.error} />}
        <Refusal run={run.data} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{words.say(simulation ? 'dashboard.close' : 'dashboard.cancel')}</Button>
          {!simulation && (
            <Button
              look="primary"
              busy={run.isPending}
              disabled={plan.data === undefined || isRefused(run.data)}
              onClick={() => run.mutate(request, { onSuccess: (done) => isRefused(done) || onClose() })}
            >
              {words.say('dashboard-incident.runNow')}
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  );
}
