import type { ReactNode } from 'react';

/** The answers of a long dialog: at its foot, and in sight however far it is scrolled. */
export function DialogButtons({ children }: { readonly children: ReactNode }) {
  return (
    <div className="sticky bottom-0 -mx-6 -mb-6 flex flex-wrap justify-end gap-2 border-t border-line bg-raised px-6 py-4">
      {children}
    </div>
  );
}
