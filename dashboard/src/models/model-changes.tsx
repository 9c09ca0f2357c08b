import { useState } from 'react';
import type { Model } from '../../../src/model/failure.ts';
import { usePromoteModel, useRollBackModel } from '../api/changes.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';

function Promote({ model }: { readonly model: Model }) {
  const words = useWords();
  const change = usePromoteModel();
  const [asking, setAsking] = useState(false);
  const close = (): void => setAsking(false);
  return (
    <>
      <Button look={model.state === 'challenger' ? 'primary' : 'plain'} onClick={() => setAsking(true)}>
        {words.say('dashboard-models.promote')}
      </Button>
      {asking && (
        <Confirm
          title={words.say('dashboard-models.promoteTitle')}
          action={words.say('dashboard-models.promoteNow')}
          change={change}
          onConfirm={() => change.mutate(model.id, { onSuccess: close })}
          onClose={close}
        >
          {words.say('dashboard-models.promoteDetail', { scope: model.scope })}
        </Confirm>
      )}
    </>
  );
}

function RollBack({ model }: { readonly model: Model }) {
  const words = useWords();
  const change = useRollBackModel();
  const [asking, setAsking] = useState(false);
  const close = (): void => setAsking(false);
  return (
    <>
      <Button look="danger" onClick={() => setAsking(true)}>
        {words.say('dashboard-models.rollback')}
      </Button>
      {asking && (
        <Confirm
          title={words.say('dashboard-models.rollbackTitle')}
          action={words.say('dashboard-models.rollbackNow')}
          change={change}
          onConfirm={() => change.mutate(model.scope, { onSuccess: close })}
          onClose={close}
        >
          {words.say('dashboard-models.rollbackDetail', { scope: model.scope })}
        </Confirm>
      )}
    </>
  );
}

/** The one change that makes sense for a model: out of use for the one in use, into use for every other. */
export function ModelChanges({ model }: { readonly model: Model }) {
  return model.state === 'champion' ? <RollBack model={model} /> : <Promote model={model} />;
}
