import { useState } from 'react';
import type { Silence, SilenceMatch } from '../../../src/model/silence.ts';
import { type SilenceWish, useSaveSilence } from '../api/changes.ts';
import { useEntities } from '../api/queries.ts';
import { duration } from '../format/duration.ts';
import { field } from '../settings/field.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Choice } from '../ui/choice.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { DialogButtons } from '../ui/dialog-buttons.tsx';
import { MomentField } from '../ui/moment-field.tsx';
import { Failed } from '../ui/states.tsx';
import { TroubleFields } from './trouble-fields.tsx';

const HOUR = 3600;
const LENGTHS: readonly number[] = [1800, HOUR, 4 * HOUR, 86_400, 7 * 86_400];
const OTHER = 'other';

export interface Draft {
  readonly kind: Silence['kind'];
  readonly entity: string;
  readonly entityKind: string;
  readonly anomaly: string;
  readonly below: boolean;
  readonly why: string;
  /** Unix ms; null from now on. */
  readonly from: number | null;
  /** Seconds, or `other` when it ends at `to`. */
  readonly length: string;
  readonly to: number;
}

const newDraft = (entity: string): Draft => ({
  kind: 'silence',
  entity,
  entityKind: '',
  anomaly: '',
  below: false,
  why: '',
  from: null,
  length: String(HOUR),
  to: Date.now() + HOUR * 1000,
});

function draftOf({ kind, match, why, from, to }: Silence): Draft {
  const { entity = '', kind: entityKind = '', anomaly = '', below = false } = match;
  return { kind, entity, entityKind, anomaly, below, why, from, length: OTHER, to };
}

function matchOf({ entity, entityKind, anomaly, below }: Draft): SilenceMatch {
  return {
    ...(entity.trim() === '' ? {} : { entity: entity.trim() }),
    ...(entityKind.trim() === '' ? {} : { kind: entityKind.trim() }),
    ...(anomaly === '' ? {} : { anomaly }),
    ...(below ? { below } : {}),
  };
}

function wishOf(draft: Draft, id: string | undefined): SilenceWish {
  const { kind, why, from, length, to } = draft;
  return {
    kind,
    match: matchOf(draft),
    why: why.trim(),
    ...(id === undefined ? {} : { id }),
    ...(from === null ? {} : { from }),
    ...(length === OTHER ? { to } : { forSeconds: Number(length) }),
  };
}

interface FieldsProps {
  readonly draft: Draft;
  readonly set: (change: Partial<Draft>) => void;
}

function Times({ draft, set }: FieldsProps) {
  const words = useWords();
  const lengths = LENGTHS.map((seconds) => ({ value: String(seconds), label: duration(words, seconds) }));
  return (
    <div className="space-y-4">
      <div className="flex flex-wrap items-end gap-4">
        <div className="text-sm text-muted">
          <p aria-hidden className="mb-1">
            {words.say('dashboard-silence.begins')}
          </p>
          <Choice
            label={words.say('dashboard-silence.begins')}
            value={draft.from === null ? 'now' : 'later'}
            onChange={(when) => set({ from: when === 'now' ? null : (draft.from ?? Date.now() + HOUR * 1000) })}
            options={(['now', 'later'] as const).map((value) => ({
              value,
              label: words.say(`dashboard-silence.${value}`),
            }))}
          />
        </div>
        {draft.from !== null && (
          <MomentField
            label={words.say('dashboard-silence.begins')}
            value={draft.from}
            onChange={(from) => set({ from })}
          />
        )}
      </div>
      <div className="text-sm text-muted">
        <p aria-hidden className="mb-1">
          {words.say('dashboard-silence.length')}
        </p>
        <Choice
          label={words.say('dashboard-silence.length')}
          value={draft.length}
          onChange={(length) => set({ length })}
          options={[...lengths, { value: OTHER, label: words.say('dashboard-silence.lengthOther') }]}
        />
      </div>
      {draft.length === OTHER && (
        <MomentField label={words.say('dashboard-silence.ends')} value={draft.to} onChange={(to) => set({ to })} />
      )}
    </div>
  );
}

function EntityField({ draft, set }: FieldsProps) {
  const words = useWords();
  const known = useEntities(draft.entity.replaceAll('*', '').trim()).data?.items ?? [];
  return (
    <label className="block text-sm text-muted">
      {words.say('dashboard-silence.entity')}
      <input
        value={draft.entity}
        list="silence-entities"
        maxLength={512}
        autoComplete="off"
        placeholder={words.say('dashboard-silence.entityHint')}
        onChange={(event) => set({ entity: event.target.value })}
        className={`${field} mt-1 block w-full text-ink`}
      />
      <datalist id="silence-entities">
        {known.slice(0, 30).map(({ id }) => (
          <option key={id} value={id}>
            {id}
          </option>
        ))}
      </datalist>
    </label>
  );
}

function Fields({ draft, set }: FieldsProps) {
  const words = useWords();
  return (
    <>
      <Choice
        label={words.say('dashboard-silence.how')}
        value={draft.kind}
        onChange={(kind) => set({ kind })}
        options={(['silence', 'maintenance'] as const).map((value) => ({
          value,
          label: words.name('silence', value),
        }))}
      />
      <EntityField draft={draft} set={set} />
      <label className="flex items-center gap-2.5 text-sm">
        <input
          type="checkbox"
          checked={draft.below}
          onChange={(event) => set({ below: event.target.checked })}
          className="size-4 accent-accent"
        />
        {words.say('dashboard-silence.belowBox')}
      </label>
      <TroubleFields draft={draft} set={set} />
      <Times draft={draft} set={set} />
      <label className="block text-sm text-muted">
        {words.say('dashboard-silence.why')}
        <input
          required
          value={draft.why}
          maxLength={4000}
          onChange={(event) => set({ why: event.target.value })}
          className={`${field} mt-1 block w-full text-ink`}
        />
      </label>
    </>
  );
}

interface SilenceDialogProps {
  /** The one to change; a new one is made without. */
  readonly silence?: Silence;
  /** What a new one is about, to begin with. */
  readonly entity?: string;
  readonly onClose: () => void;
}

/** Says what is to be quiet, for how long and why. */
export function SilenceDialog({ silence, entity = '', onClose }: SilenceDialogProps) {
  const words = useWords();
  const save = useSaveSilence();
  const [draft, setDraft] = useState(() => (silence === undefined ? newDraft(entity) : draftOf(silence)));
  const set = (change: Partial<Draft>): void => setDraft({ ...draft, ...change });
  const nothing = draft.entity.trim() === '' && draft.entityKind.trim() === '' && draft.anomaly === '';
  const title = words.say(silence === undefined ? 'dashboard-silence.makeTitle' : 'dashboard-silence.changeTitle');
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="space-y-5"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(wishOf(draft, silence?.id), { onSuccess: onClose });
        }}
      >
        <p className="text-sm text-muted">{words.say('dashboard-silence.note')}</p>
        <Fields draft={draft} set={set} />
        {nothing && <p className="text-sm text-muted">{words.say('dashboard-silence.needsMatch')}</p>}
        {save.error !== null && <Failed error={save.error} />}
        <DialogButtons>
          <Button onClick={onClose}>{words.say('dashboard.cancel')}</Button>
          <Button type="submit" look="primary" busy={save.isPending} disabled={nothing}>
            {words.say(silence === undefined ? 'dashboard-silence.start' : 'dashboard-silence.edit')}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
