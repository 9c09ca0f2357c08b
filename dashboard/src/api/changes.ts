import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Settings } from '../../../src/api/contract/views.ts';
import type { Run } from '../../../src/model/action.ts';
import type { Feedback } from '../../../src/model/failure.ts';
import { send } from './client.ts';

/** A change, after which everything that may show it is loaded anew. */
function useChange<V, R>(change: (values: V) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSuccess: () => client.invalidateQueries() });
}

export interface RunRequest {
  readonly action: string;
  readonly entity: string;
  readonly incident: string | null;
}

export const dryRun = (request: RunRequest): Promise<Run> => send<Run>('POST', 'runs', { ...request, dryRun: true });

const approve = (id: string): Promise<Run> => send<Run>('POST', `runs/${encodeURIComponent(id)}/approve`, {});

/** Runs an action that a person has confirmed. Where the server then waits for approval, that confirmation is it: nobody is asked twice. */
async function runNow(request: RunRequest): Promise<Run> {
  const run = await send<Run>('POST', 'runs', { ...request, dryRun: false });
  return run.state === 'awaiting_approval' ? approve(run.id) : run;
}

export const useRunNow = () => useChange(runNow);
export const useApprove = () => useChange(approve);
export const useReject = () =>
  useChange(({ id, note }: { id: string; note: string }) =>
    send<Run>('POST', `runs/${encodeURIComponent(id)}/reject`, { note }),
  );
export const useFeedback = () =>
  useChange((feedback: Pick<Feedback, 'target' | 'targetId' | 'verdict' | 'note'>) =>
    send<Feedback>('POST', 'feedback', feedback),
  );
export const useSaveSettings = () => useChange((settings: Settings) => send<Settings>('PUT', 'settings', settings));
