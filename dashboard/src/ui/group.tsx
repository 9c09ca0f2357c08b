import type { ReactNode } from 'react';

interface GroupProps {
  readonly label: string;
  readonly className: string;
  readonly children: ReactNode;
}

/** Controls that belong together, with a name that only screen readers hear. */
export function Group({ label, className, children }: GroupProps) {
  return (
    <fieldset>
      <legend className="sr-only">{label}</legend>
      <div className={className}>{children}</div>
    </fieldset>
  );
}
