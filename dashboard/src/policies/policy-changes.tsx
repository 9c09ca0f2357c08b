import { useState } from 'react';
import type { PolicyView } from '../../../src/model/policy.ts';
import { usePromotePolicy, useRollBackPolicy, useTrainPolicies } from '../api/changes.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Failed } from '../ui/states.tsx';

export function PromotePolicy({ policy, id }: { readonly policy: PolicyView; readonly id: string }) {
  const words = useWords();
  const change = usePromotePolicy();
  const [asking, setAsking] = useState(false);
  const close = (): void => setAsking(false);
  const proven = policy.evaluation?.verdict === 'better';
  return (
    <>
      <Button look={proven ? 'primary' : 'plain'} onClick={() => setAsking(true)}>
        {words.say('dashboard-policies.promote')}
      </Button>
      {asking && (
        <Confirm
          title={words.say('dashboard-policies.promoteTitle')}
          action={words.say('dashboard-policies.promoteNow')}
          change={change}
          onConfirm={() => change.mutate(id, { onSuccess: close })}
          onClose={close}
        >
          {words.say('dashboard-policies.promoteDetail')}
        </Confirm>
      )}
    </>
  );
}

export function RollBackPolicy() {
  const words = useWords();
  const change = useRollBackPolicy();
  const [asking, setAsking] = useState(false);
  const close = (): void => setAsking(false);
  return (
    <>
      <Button onClick={() => setAsking(true)}>{words.say('dashboard-policies.rollback')}</Button>
      {asking && (
        <Confirm
          title={words.say('dashboard-policies.rollbackTitle')}
          action={words.say('dashboard-policies.rollbackNow')}
          change={change}
          onConfirm={() => change.mutate(undefined, { onSuccess: close })}
          onClose={close}
        >
          {words.say('dashboard-policies.rollbackDetail')}
        </Confirm>
      )}
    </>
  );
}

export function TrainPolicies() {
  const words = useWords();
  const train = useTrainPolicies();
  return (
    <div>
      <Button busy={train.isPending} disabled={train.isSuccess} onClick={() => train.mutate()}>
        {words.say(train.isSuccess ? 'dashboard-policies.trainAsked' : 'dashboard-policies.train')}
      </Button>
      {train.error !== null && <Failed error={train.error} />}
    </div>
  );
}
