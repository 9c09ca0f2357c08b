import { duration } from '../format/duration.ts';
import type { BudgetView } from '../../../src/api/contract/views.ts';
import { formatNumber } from '../../../src/text/format.ts';
import { useNow } from '../format/now.ts';
import { relative } from '../format/moment.ts';
import { useWords } from '../text/words.ts';
import { Section } from '../ui/section.tsx';

interface Line {
  readonly limit: number;
  readonly used: number;
}

/** Up to here each alert is a notch of its own. */
const MOST_NOTCHES = 10;

function Gauge({ line, label }: { readonly line: Line; readonly label: string }) {
  const words = useWords();
  const notches = line.limit > 0 && line.limit <= MOST_NOTCHES ? Math.ceil(line.limit) : 0;
  const spent = line.used >= line.limit;
  const colour = spent ? 'bg-warning' : 'bg-accent';
  return (
    <div>
      <div className="flex items-baseline justify-between text-sm">
        <span>{label}</span>
        <span className={spent ? 'font-medium text-warning' : 'text-muted'}>
          {words.say('dashboard-overview.budgetUsed', {
            used: formatNumber(words.language, line.used),
            limit: formatNumber(words.language, line.limit),
          })}
          {spent && ` · ${words.say('dashboard-overview.budgetSpent')}`}
        </span>
      </div>
      <div aria-hidden className="mt-1.5 flex h-2 gap-1">
        {notches > 0 ? (
          Array.from({ length: notches }, (_, notch) => (
            <span key={notch} className={`h-full flex-1 rounded-full ${notch < line.used ? colour : 'bg-line'}`} />
          ))
        ) : (
          <span className="h-full flex-1 overflow-hidden rounded-full bg-line">
            <span
              className={`block h-full ${colour}`}
              style={{ width: `${line.limit > 0 ? Math.min(1, line.used / line.limit) * 100 : 100}%` }}
            />
          </span>
        )}
      </div>
    </div>
  );
}

export function AlertBudget({ budget, className = '' }: { readonly budget: BudgetView; readonly className?: string }) {
  const words = useWords();
  const now = useNow();
  const window = duration(words, budget.windowSeconds);
  return (
    <Section title={words.say('dashboard-overview.budget')} className={className}>
      <div className="space-y-4">
        <Gauge line={budget.pages} label={words.say('dashboard-overview.pages')} />
        <Gauge line={budget.warnings} label={words.say('dashboard-overview.warningsLine')} />
        <p className="text-sm text-muted">
          {words.say('dashboard-overview.budgetWindow', { window })}
          {budget.resetsAt !== null &&
            ` ${words.say('dashboard-overview.budgetResets', { when: relative(words, budget.resetsAt, now) })}`}
          {budget.provisional && ` ${words.say('dashboard-overview.budgetProvisional')}`}
        </p>
      </div>
    </Section>
  );
}
