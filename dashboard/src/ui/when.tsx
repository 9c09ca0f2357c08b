import { useNow } from '../format/now.ts';
import { absolute, relative } from '../format/moment.ts';
import { useWords } from '../text/words.ts';

/** A time: relative in the text, in full and with its zone on hover. */
export function When({ time }: { readonly time: number }) {
  const words = useWords();
  const now = useNow();
  return (
    <time dateTime={new Date(time).toISOString()} title={absolute(words.language, time)} className="whitespace-nowrap">
      {relative(words, time, now)}
    </time>
  );
}
