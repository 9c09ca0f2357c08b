import { BellOff, Wrench } from 'lucide-react';
import { useState } from 'react';
import type { SilenceView } from '../../../src/api/contract/views.ts';
import { useEndSilence } from '../api/changes.ts';
import { useSilence } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Failed } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';
import { matcherInWords } from './matcher.ts';
import { SilenceDialog } from './silence-form.tsx';

/** Names the others that are about some of the same. */
function Overlaps({ id, others }: { readonly id: string; readonly others: readonly SilenceView[] }) {
  const words = useWords();
  const overlaps = useSilence(id).data?.overlaps ?? [];
  if (overlaps.length === 0) return null;
  const names = overlaps.map((one) => others.find((other) => other.id === one)?.why ?? one);
  return (
    <p className="mt-1 text-sm text-muted">
      {words.say('dashboard-silence.overlaps', { count: overlaps.length })} {names.join(', ')}
    </p>
  );
}

/** Since when and until when, as far as it matters in this state. */
function Times({ silence }: { readonly silence: SilenceView }) {
  const words = useWords();
  if (silence.state === 'over') {
    return (
      <>
        {words.say('dashboard-silence.ended')} <When time={silence.to} />
        {silence.endedBy !== null && `, ${words.say('dashboard-silence.endedBy', { who: silence.endedBy })}`}
      </>
    );
  }
  return (
    <>
      {silence.state === 'scheduled' && (
        <>
          {words.say('dashboard-silence.beginsAt')} <When time={silence.from} />
          {', '}
        </>
      )}
      {words.say('dashboard-silence.endsAt')} <When time={silence.to} />
    </>
  );
}

interface SilenceRowProps {
  readonly silence: SilenceView;
  /** The others that are not over, by which overlaps are named. */
  readonly others: readonly SilenceView[];
}

export function SilenceRow({ silence, others }: SilenceRowProps) {
  const words = useWords();
  const end = useEndSilence();
  const [editing, setEditing] = useState(false);
  const Icon = silence.kind === 'maintenance' ? Wrench : BellOff;
  const over = silence.state === 'over';
  const who = silence.event === null ? silence.by : words.say('dashboard-silence.fromDeploy');
  return (
    <div className="flex flex-wrap items-start gap-x-4 gap-y-3 px-5 py-4">
      <Icon size={18} aria-hidden className={`mt-0.5 shrink-0 ${over ? 'text-line-strong' : 'text-accent'}`} />
      <div className="min-w-0 flex-1 basis-64">
        <p className="font-medium break-words">{matcherInWords(words, silence.match)}</p>
        <p className="text-sm break-words">{silence.why}</p>
        <p className="text-sm text-muted">
          {words.name('silence', silence.kind)} · <Times silence={silence} /> ·{' '}
          {silence.event === null ? words.say('dashboard-silence.saidBy', { who }) : who}
        </p>
        {!over && <Overlaps id={silence.id} others={others} />}
        {end.error !== null && <Failed error={end.error} />}
      </div>
      {!over && (
        <div className="flex gap-2">
          <Button onClick={() => setEditing(true)}>{words.say('dashboard-silence.change')}</Button>
          <Button busy={end.isPending} onClick={() => end.mutate(silence.id)}>
            {words.say('dashboard-silence.endNow')}
          </Button>
        </div>
      )}
      {editing && <SilenceDialog silence={silence} onClose={() => setEditing(false)} />}
    </div>
  );
}
