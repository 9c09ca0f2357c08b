import type { ModelReport } from '../../../src/model/model-report.ts';
import { formatBytes, formatNumber } from '../../../src/text/format.ts';
import { duration } from '../format/duration.ts';
import { useWords } from '../text/words.ts';
import { Figures } from '../ui/figures.tsx';

/** What a model takes: memory, disk, CPU, and how old it is. */
export function CostCard({ cost }: { readonly cost: ModelReport['cost'] }) {
  const words = useWords();
  const { memoryBytes, artefactBytes, millisecondsAnEntity: look, trainingSeconds, ageMs } = cost;
  const bytes = (count: number): string => formatBytes(words.language, count);
  return (
    <div className="card p-5">
      <Figures
        figures={[
          { label: words.say('dashboard-models.costMemory'), value: bytes(memoryBytes) },
          {
            label: words.say('dashboard-models.costLook'),
            value:
              look === null ? (
                <span className="text-base font-normal">{words.say('dashboard-models.notAsked')}</span>
              ) : (
                `${formatNumber(words.language, look)}\u00A0ms`
              ),
          },
          { label: words.say('dashboard-models.costAge'), value: duration(words, Math.round(ageMs / 1000)) },
          { label: words.say('dashboard-models.costArtefact'), value: bytes(artefactBytes) },
          ...(trainingSeconds === null
            ? []
            : [{ label: words.say('dashboard-models.costTraining'), value: duration(words, trainingSeconds) }]),
        ]}
      />
    </div>
  );
}
