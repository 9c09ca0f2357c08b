import { useState } from 'react';
import type { AnomalyKind } from '../../../src/model/anomaly.ts';
import type { ChartRange } from '../api/queries.ts';
import { field } from '../settings/field.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { MomentField } from '../ui/moment-field.tsx';
import { FeedbackDialog } from './feedback-dialog.tsx';

const MINUTE_MS = 60_000;
/** What is asked about when nothing was zoomed to: the last quarter of an hour of what is shown. */
const RECENT_MS = 15 * MINUTE_MS;

const KINDS: readonly AnomalyKind[] = [
  'spike',
  'dip',
  'level_shift',
  'trend',
  'variance',
  'seasonality_break',
  'flatline',
];

interface MissedProps {
  readonly entity: string;
  readonly range: ChartRange;
  /** Whether the range was chosen by brushing: then it is what is meant. */
  readonly zoomed: boolean;
}

function MissedDialog({ entity, range, zoomed, onClose }: MissedProps & { readonly onClose: () => void }) {
  const words = useWords();
  const [from, setFrom] = useState(zoomed ? range.from : Math.max(range.from, range.to - RECENT_MS));
  const [to, setTo] = useState(range.to);
  const [kind, setKind] = useState('');
  const known = KINDS.find((one) => one === kind);
  const missed = { from, to: Math.max(to, from + MINUTE_MS), ...(known === undefined ? {} : { kind: known }) };
  return (
    <FeedbackDialog
      said={{ target: 'entity', targetId: entity, verdict: 'missed', missed }}
      title={words.say('dashboard-feedback.missedTitle', { entity })}
      note={words.say('dashboard-feedback.missedNote')}
      entity={entity}
      onClose={onClose}
    >
      <div className="flex flex-wrap gap-4">
        <MomentField label={words.say('dashboard-feedback.from')} value={from} onChange={setFrom} />
        <MomentField label={words.say('dashboard-feedback.to')} value={to} onChange={setTo} />
      </div>
      <label className="block text-sm text-muted">
        {words.say('dashboard-feedback.missedWhat')}
        <select
          value={kind}
          onChange={(event) => setKind(event.target.value)}
          className={`${field} mt-1 block w-full text-ink`}
        >
          <option value="">{words.say('dashboard-feedback.kindAny')}</option>
          {KINDS.map((value) => (
            <option key={value} value={value}>
              {words.name('anomaly', value)}
            </option>
          ))}
        </select>
      </label>
    </FeedbackDialog>
  );
}

/** "Something was wrong here, and nobody said so." */
export function Missed(props: MissedProps) {
  const words = useWords();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button look="link" onClick={() => setAsking(true)}>
        {words.say('dashboard-feedback.missed')}
      </Button>
      {asking && <MissedDialog {...props} onClose={() => setAsking(false)} />}
    </>
  );
}
