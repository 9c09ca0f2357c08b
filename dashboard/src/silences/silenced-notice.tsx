import { BellOff } from 'lucide-react';
import { Link } from 'wouter';
import type { Silence } from '../../../src/model/silence.ts';
import { useWords } from '../text/words.ts';
import { When } from '../ui/when.tsx';

/** Why nobody is woken for what the page is about: who silenced it, why, and until when. */
export function SilencedNotice({ silences }: { readonly silences: readonly Silence[] }) {
  const words = useWords();
  if (silences.length === 0) return null;
  return (
    <div className="mt-4 flex gap-3 rounded-lg bg-sunken px-4 py-3 text-sm">
      <BellOff size={16} aria-hidden className="mt-0.5 shrink-0 text-muted" />
      <div className="min-w-0">
        <p className="font-medium">{words.say('dashboard-silence.silencedNow')}</p>
        {silences.map(({ id, kind, why, by, to }) => (
          <p key={id} className="break-words text-muted">
            <Link href="/silences" className="underline underline-offset-3">
              {words.name('silence', kind)}
            </Link>{' '}
            {words.say('dashboard-silence.saidBy', { who: by })}: {why} · {words.say('dashboard-silence.endsAt')}{' '}
            <When time={to} />
          </p>
        ))}
      </div>
    </div>
  );
}
