import { OctagonX } from 'lucide-react';
import { useState } from 'react';
import { useResetBreaker } from '../api/changes.ts';
import { useAutomation } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';

/** Says that automation has stopped itself and why, and lets a person start it again; nothing while all is well. */
export function Breaker() {
  const words = useWords();
  const breaker = useAutomation().data?.breaker;
  const reset = useResetBreaker();
  const [asking, setAsking] = useState(false);
  const close = (): void => setAsking(false);
  if (breaker?.open !== true) return null;
  return (
    <div className="card mt-4 flex flex-wrap items-center justify-between gap-4 border-critical p-5">
      <div className="flex min-w-0 flex-1 basis-72 items-start gap-3">
        <OctagonX size={20} aria-hidden className="mt-0.5 shrink-0 text-critical" />
        <div>
          <p className="font-semibold">{words.say('dashboard-policies.breakerOpen')}</p>
          <p className="text-sm text-muted">
            {breaker.reason !== null && `${words.phrase(breaker.reason)} `}
            {words.say('dashboard-policies.breakerDetail')}
          </p>
        </div>
      </div>
      <Button onClick={() => setAsking(true)}>{words.say('dashboard-policies.breakerReset')}</Button>
      {asking && (
        <Confirm
          title={words.say('dashboard-policies.breakerResetTitle')}
          action={words.say('dashboard-policies.breakerResetNow')}
          change={reset}
          onConfirm={() => reset.mutate(undefined, { onSuccess: close })}
          onClose={close}
        >
          {words.say('dashboard-policies.breakerResetDetail')}
        </Confirm>
      )}
    </div>
  );
}
