import { useActions } from '../api/queries.ts';
import { useWords } from '../text/words.ts';

/** The catalogue's name of an action in the reader's language; its id while the catalogue is not there. */
export function useActionTitle(): (id: string) => string {
  const { language } = useWords();
  const { data } = useActions();
  return (id) => data?.items.find((action) => action.id === id)?.title[language] ?? id;
}
