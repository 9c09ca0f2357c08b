import type { UseMutationResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useWords } from '../text/words.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Failed } from './states.tsx';

interface ConfirmProps {
  readonly title: string;
  readonly action: string;
  readonly change: Pick<UseMutationResult, 'error' | 'isPending'>;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Asks once before a change, and says what it will do; a refusal is told in place. */
export function Confirm({ title, action, change, onConfirm, onClose, children }: ConfirmProps) {
  const words = useWords();
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="space-y-5">
        <p className="text-sm text-muted">{children}</p>
        {change.error !== null && <Failed error={change.error} />}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{words.say('dashboard.cancel')}</Button>
          <Button look="primary" busy={change.isPending} onClick={onConfirm}>
            {action}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
