import { field } from '../settings/field.ts';
import { useWords } from '../text/words.ts';
import type { Draft } from './silence-form.tsx';

/** Kinds of anomaly and prediction that a silence may be about. */
const TROUBLES: readonly string[] = [
  'spike',
  'dip',
  'level_shift',
  'trend',
  'variance',
  'seasonality_break',
  'flatline',
  'missing',
  'relation_broken',
  'new_log_pattern',
  'vanished_log_pattern',
  'log_sequence',
  'rate_change',
  'capacity',
  'failure',
];

interface TroubleFieldsProps {
  readonly draft: Draft;
  readonly set: (change: Partial<Draft>) => void;
}

/** Narrows a silence to a kind of entity, and to a kind of trouble. */
export function TroubleFields({ draft, set }: TroubleFieldsProps) {
  const words = useWords();
  const wide = 'min-w-0 flex-1 basis-48 text-sm text-muted';
  return (
    <div className="flex flex-wrap gap-4">
      <label className={wide}>
        {words.say('dashboard-silence.trouble')}
        <select
          value={draft.anomaly}
          onChange={(event) => set({ anomaly: event.target.value })}
          className={`${field} mt-1 block w-full text-ink`}
        >
          <option value="">{words.say('dashboard-silence.troubleAny')}</option>
          {[...TROUBLES, ...(draft.anomaly === '' || TROUBLES.includes(draft.anomaly) ? [] : [draft.anomaly])].map(
            (value) => (
              <option key={value} value={value}>
                {words.name('anomaly', value)}
              </option>
            ),
          )}
        </select>
      </label>
      <label className={wide}>
        {words.say('dashboard-silence.kind')}
        <input
          value={draft.entityKind}
          maxLength={100}
          autoComplete="off"
          placeholder={words.say('dashboard-silence.kindHint')}
          onChange={(event) => set({ entityKind: event.target.value })}
          className={`${field} mt-1 block w-full text-ink`}
        />
      </label>
    </div>
  );
}
