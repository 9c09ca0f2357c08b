import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useWords } from '../text/words.ts';
import { Modal } from './modal.tsx';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A question with its title; low on a phone, where the thumb is. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const words = useWords();
  return (
    <Modal label={title} onClose={onClose} className="m-auto max-h-[90dvh] w-[min(36rem,calc(100vw-2rem))] max-sm:mb-4">
      <div className="flex items-start justify-between gap-4 px-6 pt-5">
        <h2 className="text-lg font-semibold">{title}</h2>
        <button
          type="button"
          onClick={onClose}
          aria-label={words.say('dashboard.close')}
          className="-mr-2 rounded-lg p-2 text-muted hover:bg-sunken"
        >
          <X size={18} aria-hidden />
        </button>
      </div>
      <div className="px-6 pt-3 pb-6">{children}</div>
    </Modal>
  );
}
