import type { LeadTimeContract } from '../../../src/model/model-report.ts';
import { formatPercent } from '../../../src/text/format.ts';
import { duration } from '../format/duration.ts';
import { useWords } from '../text/words.ts';
import { Figures } from '../ui/figures.tsx';

/** What is asked of a page for a coming failure, and what the threshold that keeps it buys. */
export function ContractCard({ contract }: { readonly contract: LeadTimeContract }) {
  const words = useWords();
  const { recall, threshold, seconds, precision, minLeadSeconds, reason } = contract;
  const percent = (share: number): string => formatPercent(words.language, share);
  const asked = [
    { label: words.say('dashboard-models.precision'), value: percent(precision) },
    { label: words.say('dashboard-models.lead'), value: duration(words, minLeadSeconds) },
  ];
  const bought =
    threshold === null || seconds === null
      ? []
      : [
          { label: words.say('dashboard-models.recall'), value: recall === null ? '–' : percent(recall) },
          {
            label: words.say('dashboard-models.threshold', { duration: duration(words, seconds) }),
            value: percent(threshold),
          },
        ];
  return (
    <div className="card p-5">
      {bought.length === 0 ? (
        <>
          <p className="text-lg font-semibold">{words.say('dashboard-models.noPage')}</p>
          <p className="mt-1 max-w-prose text-sm text-muted">{words.phrase(reason)}</p>
        </>
      ) : (
        <>
          <Figures figures={[...bought, ...asked]} />
          <p className="mt-4 max-w-prose text-sm text-muted">{words.phrase(reason)}</p>
        </>
      )}
    </div>
  );
}
