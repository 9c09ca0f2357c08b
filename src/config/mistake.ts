import type { Phrase } from '../model/phrase.ts';
import type { TextKey } from '../text/catalogue.ts';
import type { Words } from '../text/text.ts';

/** One thing that is wrong with a configuration. */
export interface Mistake {
  /** The file, or the environment variable that brought the value. */
  readonly file: string;
  /** First line is 1; null when the value came from the environment or the file has no such place. */
  readonly line: number | null;
  /** `api.port`, `actions[2].id`, or empty for the whole file. */
  readonly path: string;
  readonly found: Phrase;
  readonly expected: Phrase;
}

/** A phrase whose key the compiler knows. */
export const saying = (key: TextKey, values: Phrase['values'] = {}): Phrase => ({ key, values });

/** One line for one mistake: `vigia.yaml:12: api.port: found "x"; expected …`. */
export function describeMistake({ file, line, path, found, expected }: Mistake, words: Words): string {
  const place = [line === null ? file : `${file}:${line}`, path].filter((part) => part !== '');
  return `${place.join(': ')}: ${words.phrase(found)}; ${words.phrase(expected)}`;
}

/** All mistakes, a line each. */
export const describeMistakes = (mistakes: readonly Mistake[], words: Words): string =>
  mistakes.map((mistake) => describeMistake(mistake, words)).join('\n');
