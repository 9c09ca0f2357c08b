import { type ReactNode, useState } from 'react';
import type { FeedbackRequest } from '../../../src/model/feedback-request.ts';
import { type Saying, useGiveFeedback } from '../api/changes.ts';
import { duration } from '../format/duration.ts';
import { field } from '../settings/field.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { DialogButtons } from '../ui/dialog-buttons.tsx';
import { Failed } from '../ui/states.tsx';
import { Preview, usePreview } from './preview.tsx';

type Reach = FeedbackRequest['reach'];
const REACHES: readonly Reach[] = ['entity', 'kind', 'service', 'nothing'];
/** Lengths of a rule in seconds; null until it is undone. */
const LENGTHS: readonly (number | null)[] = [null, 86_400, 7 * 86_400, 30 * 86_400];

interface FeedbackDialogProps {
  readonly said: Saying;
  readonly title: string;
  readonly note: string;
  readonly entity: string;
  /** More to fill in, above the preview. */
  readonly children?: ReactNode;
  readonly onClose: () => void;
}

function Select<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}) {
  return (
    <label className="min-w-0 flex-1 basis-48 text-sm text-muted">
      {label}
      <select
        value={value}
        onChange={(event) => onChange(event.target.value as T)}
        className={`${field} mt-1 block w-full text-ink`}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** How far and how long a rule holds; `seconds` null until it is undone. */
interface RuleScope {
  readonly reach: Reach;
  readonly seconds: number | null;
}

interface ScopeProps {
  readonly entity: string;
  readonly scope: RuleScope;
  readonly set: (scope: RuleScope) => void;
}

function Scope({ entity, scope, set }: ScopeProps) {
  const words = useWords();
  const kind = entity.slice(0, entity.indexOf('/'));
  return (
    <div className="flex flex-wrap gap-4">
      <Select
        label={words.say('dashboard-feedback.reach')}
        value={scope.reach}
        onChange={(reach) => set({ ...scope, reach })}
        options={REACHES.map((value) => ({
          value,
          label: words.say(`dashboard-feedback.reach_${value}`, { entity, kind }),
        }))}
      />
      <Select
        label={words.say('dashboard-feedback.forLong')}
        value={String(scope.seconds)}
        onChange={(length) => set({ ...scope, seconds: LENGTHS.find((one) => String(one) === length) ?? null })}
        options={LENGTHS.map((one) => ({
          value: String(one),
          label: one === null ? words.say('dashboard-feedback.forever') : duration(words, one),
        }))}
      />
    </div>
  );
}

/** Shows what a word would change in the last 30 days, and puts it in force only when a person applies it. */
export function FeedbackDialog({ said, title, note, entity, children, onClose }: FeedbackDialogProps) {
  const words = useWords();
  const give = useGiveFeedback();
  const [scope, setScope] = useState<RuleScope>({ reach: 'entity', seconds: null });
  const [remark, setRemark] = useState('');
  const request: Saying = { ...said, ...scope };
  const preview = usePreview(request);
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="space-y-5"
        onSubmit={(event) => {
          event.preventDefault();
          give.mutate({ ...request, note: remark.trim() }, { onSuccess: onClose });
        }}
      >
        <p className="text-sm text-muted">{note}</p>
        {children}
        <Preview query={preview} />
        <Scope entity={entity} scope={scope} set={setScope} />
        <label className="block text-sm text-muted">
          {words.say('dashboard-feedback.note')}
          <input
            value={remark}
            maxLength={4000}
            onChange={(event) => setRemark(event.target.value)}
            className={`${field} mt-1 block w-full text-ink`}
          />
        </label>
        {give.error !== null && <Failed error={give.error} />}
        <DialogButtons>
          <Button onClick={onClose}>{words.say('dashboard.cancel')}</Button>
          <Button type="submit" look="primary" busy={give.isPending} disabled={preview.data === undefined}>
            {words.say('dashboard-feedback.apply')}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
