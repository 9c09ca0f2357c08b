import type { Prediction } from '../../../src/model/prediction.ts';
import { Link } from 'wouter';
import { entityHref, shortFeature } from '../format/names.ts';
import { useNow } from '../format/now.ts';
import { forecast, risk } from '../format/prediction.ts';
import { useWords } from '../text/words.ts';
import { StateIcon } from '../ui/severity.tsx';
import { When } from '../ui/when.tsx';

/** A prediction in one row: an open one says when, a closed one how it ended. */
export function PredictionRow({ prediction }: { readonly prediction: Prediction }) {
  const words = useWords();
  const now = useNow();
  const open = prediction.state === 'open';
  return (
    <Link href={entityHref(prediction.entity)} className="flex items-start gap-3 px-4 py-3 hover:bg-sunken">
      <span className="mt-0.5">
        <StateIcon state={prediction.state === 'cleared' ? 'calm' : prediction.severity} />
      </span>
      <span className="min-w-0 flex-1">
        <span className="block font-medium break-words">
          {prediction.entity}
          {prediction.feature !== null && (
            <span className="font-normal text-muted"> {shortFeature(prediction.feature)}</span>
          )}
        </span>
        <span className="block text-sm text-muted">
          {open ? forecast(words, prediction, now) : words.phrase(prediction.reason)}
        </span>
      </span>
      <span className="text-right text-sm">
        <span className="block font-medium whitespace-nowrap">{risk(words, prediction)}</span>
        <span className="block text-muted">
          <When time={prediction.closedAt ?? prediction.madeAt} />
        </span>
      </span>
    </Link>
  );
}
