import {
  Activity,
  ClipboardCheck,
  Lightbulb,
  type LucideIcon,
  MessageSquare,
  Play,
  TrendingUp,
  Zap,
} from 'lucide-react';
import type { Incident } from '../../../src/model/incident.ts';
import { Link } from 'wouter';
import { clockTime, absolute } from '../format/moment.ts';
import { entityHref } from '../format/names.ts';
import { useWords } from '../text/words.ts';

type Entry = Incident['timeline'][number];

const icons: Readonly<Record<Entry['type'], LucideIcon>> = {
  anomaly: Activity,
  prediction: TrendingUp,
  event: Zap,
  recommendation: Lightbulb,
  run: Play,
  outcome: ClipboardCheck,
  note: MessageSquare,
};

/** From the first sign to now, one line each. */
export function Story({ timeline, leftOut }: { readonly timeline: readonly Entry[]; readonly leftOut: number }) {
  const words = useWords();
  const entries = timeline.toSorted((a, b) => a.time - b.time);
  return (
    <>
      {leftOut > 0 && (
        <p className="mb-4 text-sm text-muted">{words.say('dashboard-incident.leftOutStory', { count: leftOut })}</p>
      )}
      <ol className="relative">
        {entries.map((entry, index) => {
          const Icon = icons[entry.type] ?? Activity;
          return (
            <li
              key={`${entry.time} ${entry.ref ?? index} ${entry.text.key}`}
              className="relative flex gap-3.5 pb-5 last:pb-0"
            >
              {index < entries.length - 1 && (
                <span aria-hidden className="absolute top-8 bottom-0 left-[15px] w-px bg-line" />
              )}
              <span className="z-0 flex size-8 shrink-0 items-center justify-center rounded-full bg-sunken text-muted">
                <Icon size={15} aria-hidden />
              </span>
              <div className="min-w-0 pt-1">
                <p className="break-words">{words.phrase(entry.text)}</p>
                <p className="text-sm text-muted">
                  <time dateTime={new Date(entry.time).toISOString()} title={absolute(words.language, entry.time)}>
                    {clockTime(words.language, entry.time)}
                  </time>
                  {' · '}
                  {words.name('timeline', entry.type)}
                  {entry.entity !== null && (
                    <>
                      {' · '}
                      <Link href={entityHref(entry.entity)} className="quiet-link">
                        {entry.entity}
                      </Link>
                    </>
                  )}
                </p>
              </div>
            </li>
          );
        })}
      </ol>
    </>
  );
}
