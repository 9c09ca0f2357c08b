import { formatNumber } from '../../../src/text/format.ts';
import { useWords } from '../text/words.ts';

interface Line {
  readonly limit: number;
  readonly used: number;
}

/** Up to here each alert is a notch of its own. */
const MOST_NOTCHES = 10;

/** How much of one line of a budget is used: notches while they can be counted, a bar beyond. */
export function BudgetGauge({ line, label }: { readonly line: Line; readonly label: string }) {
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
