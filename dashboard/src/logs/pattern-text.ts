import { useMemo } from 'react';
import { useLogPatterns } from '../api/queries.ts';
import { useWords } from '../text/words.ts';

/** Lines by pattern; its label `template` is the id of one. */
export const LOG_PATTERN_METRIC = 'log_pattern_lines_total';
/** Stands for all patterns beyond those that are counted by themselves. */
const OTHERS = 'others';

/** The text of a pattern by its id; the id where it is not known yet. */
export function usePatternText(): (id: string) => string {
  const words = useWords();
  const { data } = useLogPatterns();
  return useMemo(() => {
    const texts = new Map(data?.items.map(({ id, text }) => [id, text]));
    return (id) => (id === OTHERS ? words.say('dashboard-entity.logOthers') : (texts.get(id) ?? id));
  }, [data, words]);
}
