import type { ButtonHTMLAttributes } from 'react';

type Look = 'primary' | 'plain' | 'danger' | 'bare' | 'link';

const looks: Readonly<Record<Look, string>> = {
  primary: 'bg-accent text-on-accent border-transparent hover:brightness-110',
  plain: 'bg-surface text-ink border-line-strong hover:bg-sunken',
  danger: 'bg-surface text-critical border-critical hover:bg-critical-soft',
  bare: 'border-transparent text-ink hover:bg-sunken',
  link: 'border-transparent text-accent underline underline-offset-3 hover:bg-sunken',
};

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: Look;
  /** Waits for the server: stays in place and takes no second press. */
  readonly busy?: boolean;
}

/** At least 40 px high, so that a thumb finds it. */
export function Button({ look = 'plain', busy = false, className = '', disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled === true || busy}
      aria-busy={busy}
      className={`inline-flex min-h-10 items-center justify-center gap-2 rounded-lg border px-3.5 py-1.5 text-sm font-medium transition-colors disabled:opacity-60 ${looks[look]} ${className}`}
    />
  );
}
