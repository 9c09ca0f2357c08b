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
      <h2 className="px-6 pt-5 pr-14 text-lg font-semibold">{title}</h2>
      <div className="px-6 pt-3 pb-6">{children}</div>
      {/* Last, so that the dialog opens with the focus on its first answer, which is the harmless one. */}
      <button
        type="button"
        onClick={onClose}
        aria-label={words.say('dashboard.close')}
        className="absolute top-3.5 right-3.5 rounded-lg p-2 text-muted hover:bg-sunken"
      >
        <X size={18} aria-hidden />
      </button>
    </Modal>
  );
}
