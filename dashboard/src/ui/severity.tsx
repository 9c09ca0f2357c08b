import {
  Circle,
  CircleCheck,
  CircleDashed,
  Info,
  OctagonAlert,
  TriangleAlert,
  Unplug,
  type LucideIcon,
} from 'lucide-react';
import type { EntityView } from '../../../src/api/contract/views.ts';
import { useWords } from '../text/words.ts';

export type State = EntityView['state'];

/** Each state has a shape, a word and a colour, so that none of them is needed to read it. */
const icons: Readonly<Record<State, LucideIcon>> = {
  critical: OctagonAlert,
  warning: TriangleAlert,
  info: Info,
  calm: CircleCheck,
  learning: CircleDashed,
  silent: Unplug,
};

const inks: Readonly<Record<State, string>> = {
  critical: 'text-critical',
  warning: 'text-warning',
  info: 'text-info',
  calm: 'text-muted',
  learning: 'text-muted',
  silent: 'text-muted',
};

const fills: Readonly<Record<State, string>> = {
  critical: 'bg-critical-soft text-critical',
  warning: 'bg-warning-soft text-warning',
  info: 'bg-info-soft text-info',
  calm: 'bg-sunken text-muted',
  learning: 'bg-sunken text-muted',
  silent: 'bg-sunken text-muted',
};

export function StateIcon({ state, size = 18 }: { readonly state: State; readonly size?: number }) {
  const Icon = icons[state] ?? Circle;
  return <Icon size={size} strokeWidth={2.25} aria-hidden className={`shrink-0 ${inks[state]}`} />;
}

/** Shape and word. */
export function StateBadge({ state }: { readonly state: State }) {
  const words = useWords();
  const Icon = icons[state] ?? Circle;
  return (
    <span
      className={`inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-sm font-medium whitespace-nowrap ${fills[state]}`}
    >
      <Icon size={14} strokeWidth={2.5} aria-hidden />
      {words.name('state', state)}
    </span>
  );
}
