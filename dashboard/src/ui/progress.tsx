interface ProgressProps {
  readonly value: number;
  readonly of: number;
  readonly label: string;
}

const looks =
  '[&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:rounded-full [&::-webkit-progress-value]:bg-accent [&::-moz-progress-bar]:bg-accent';

/** A bar from 0 to `of` with a name for screen readers. */
export function Progress({ value, of, label }: ProgressProps) {
  return (
    <progress
      aria-label={label}
      max={Math.max(1, of)}
      value={Math.min(value, of)}
      className={`block h-1.5 w-full appearance-none overflow-hidden rounded-full bg-sunken ${looks}`}
    />
  );
}
