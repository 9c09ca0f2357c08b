import { duration } from '../format/duration.ts';
import type { BudgetView } from '../../../src/api/contract/views.ts';
import { Link } from 'wouter';
import { useNow } from '../format/now.ts';
import { relative } from '../format/moment.ts';
import { useWords } from '../text/words.ts';
import { Section } from '../ui/section.tsx';
import { BudgetGauge } from './budget-gauge.tsx';

export function AlertBudget({ budget, className = '' }: { readonly budget: BudgetView; readonly className?: string }) {
  const words = useWords();
  const now = useNow();
  const window = duration(words, budget.windowSeconds);
  return (
    <Section title={words.say('dashboard-overview.budget')} className={className}>
      <div className="space-y-4">
        <BudgetGauge line={budget.pages} label={words.say('dashboard-overview.pages')} />
        <BudgetGauge line={budget.warnings} label={words.say('dashboard-overview.warningsLine')} />
        <p className="text-sm text-muted">
          {words.say('dashboard-overview.budgetWindow', { window })}
          {budget.resetsAt !== null &&
            ` ${words.say('dashboard-overview.budgetResets', { when: relative(words, budget.resetsAt, now) })}`}
          {budget.provisional && ` ${words.say('dashboard-overview.budgetProvisional')}`}
        </p>
        <Link href="/alerting" className="inline-block text-sm font-medium text-accent underline underline-offset-3">
          {words.say('dashboard-overview.budgetMore')}
        </Link>
      </div>
    </Section>
  );
}
