/** A share from 0 to 1 for the eye; the number stands beside it. */
export function ShareBar({ share, className }: { readonly share: number; readonly className: string }) {
  return (
    <span aria-hidden className={`block rounded-full bg-sunken ${className}`}>
      <span className="block h-full rounded-full bg-accent" style={{ width: `${Math.max(1, share * 100)}%` }} />
    </span>
  );
}
