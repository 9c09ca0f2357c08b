import type { Model } from '../../../src/model/failure.ts';
import { duration } from '../format/duration.ts';
import { absolute, day } from '../format/moment.ts';
import { useNow } from '../format/now.ts';
import { useWords } from '../text/words.ts';

/** The history that a model learnt from: its length first, the days behind it. */
export function Window({ model }: { readonly model: Model }) {
  const words = useWords();
  const now = useNow();
  const { trainedFrom, trainedTo } = model;
  if (trainedFrom === null || trainedTo === null) return null;
  const range = { from: day(words.language, trainedFrom, now), to: day(words.language, trainedTo, now) };
  const text = words.say('dashboard-pages.trainedFromTo', range);
  return (
    <span title={`${absolute(words.language, trainedFrom)} – ${absolute(words.language, trainedTo)}`}>
      {words.say('dashboard-pages.trainedLength', { length: duration(words, (trainedTo - trainedFrom) / 1000) })},{' '}
      {text.charAt(0).toLocaleLowerCase(words.language) + text.slice(1)}
    </span>
  );
}
