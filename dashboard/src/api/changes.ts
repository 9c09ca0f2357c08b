import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Replayed } from '../../../src/api/contract/quality.ts';
import type { Settings, SilenceDetail } from '../../../src/api/contract/views.ts';
import type { ActionMode, Automation, Run } from '../../../src/model/action.ts';
import type { Feedback, Model } from '../../../src/model/failure.ts';
import type { FeedbackPreview, FeedbackRequest } from '../../../src/model/feedback-request.ts';
import type { PolicyOverview, Rung } from '../../../src/model/policy.ts';
import type { SilenceMatch } from '../../../src/model/silence.ts';
import type { DeadLetter } from '../../../src/model/topics.ts';
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
/** What a person says; the server fills in what is left out. */
export type Saying = Pick<FeedbackRequest, 'target' | 'targetId' | 'verdict'> & Partial<FeedbackRequest>;

export const previewFeedback = (said: Saying): Promise<FeedbackPreview> =>
  send<FeedbackPreview>('POST', 'feedback/preview', said);
export const useGiveFeedback = () => useChange((said: Saying) => send<Feedback>('POST', 'feedback', said));
export const useUndoFeedback = () =>
  useChange((id: string) => send<Feedback>('DELETE', `feedback/${encodeURIComponent(id)}`, {}));

/** A silence as it is asked for; with an id an existing one is changed. */
export interface SilenceWish {
  readonly id?: string;
  readonly kind: 'silence' | 'maintenance';
  readonly match: SilenceMatch;
  readonly from?: number;
  readonly to?: number;
  readonly forSeconds?: number;
  readonly why: string;
}

export const useSaveSilence = () =>
  useChange(({ id, ...wish }: SilenceWish) =>
    id === undefined
      ? send<SilenceDetail>('POST', 'silences', wish)
      : send<SilenceDetail>('PUT', `silences/${encodeURIComponent(id)}`, wish),
  );
export const useEndSilence = () =>
  useChange((id: string) => send<SilenceDetail>('DELETE', `silences/${encodeURIComponent(id)}`, {}));
export const useSaveSettings = () => useChange((settings: Settings) => send<Settings>('PUT', 'settings', settings));

export const usePromoteModel = () =>
  useChange((id: string) => send<Model>('POST', `models/${encodeURIComponent(id)}/promote`, {}));
export const useRollBackModel = () =>
  useChange((scope: string) => send<undefined>('POST', 'models/rollback', { scope }));
export const useTrainModel = () => useChange((scope: string) => send<null>('POST', 'models/train', { scope }));

export const usePromotePolicy = () =>
  useChange((id: string) => send<PolicyOverview>('POST', `policies/${encodeURIComponent(id)}/promote`, {}));
export const useRollBackPolicy = () => useChange(() => send<PolicyOverview>('POST', 'policies/rollback', {}));
export const useTrainPolicies = () => useChange(() => send<null>('POST', 'policies/train', {}));

/** An action on one kind of entity, and the level that a person puts it on. */
interface RungWish {
  readonly action: string;
  readonly entityKind: string;
  readonly level: ActionMode;
}

export const usePutOnLadder = () => useChange((wish: RungWish) => send<Rung>('POST', 'automation/ladder', wish));
/** Ends every action; operators may. */
export const useStopAll = () => useChange(() => send<Settings>('POST', 'automation/stop', {}));
export const useResetBreaker = () => useChange(() => send<Automation>('POST', 'automation/reset', {}));

export const useReplay = () =>
  useChange((id: string) => send<DeadLetter>('POST', `dead-letters/${encodeURIComponent(id)}/replay`, {}));
export const useReplayAll = () => useChange(() => send<Replayed>('POST', 'dead-letters/replay', {}));
