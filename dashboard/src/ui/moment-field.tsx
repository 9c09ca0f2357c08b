import { fromLocalInput, toLocalInput } from '../format/local-input.ts';
import { field } from '../settings/field.ts';

interface MomentFieldProps {
  readonly label: string;
  /** Unix ms. */
  readonly value: number;
  readonly onChange: (time: number) => void;
}

/** A date and time in the reader's zone; while it is incomplete the last complete one counts. */
export function MomentField({ label, value, onChange }: MomentFieldProps) {
  return (
    <label className="min-w-0 flex-1 basis-48 text-sm text-muted">
      {label}
      <input
        type="datetime-local"
        required
        defaultValue={toLocalInput(value)}
        onChange={(event) => {
          const time = fromLocalInput(event.target.value);
          if (time !== null) onChange(time);
        }}
        className={`${field} mt-1 block w-full text-ink`}
      />
    </label>
  );
}
