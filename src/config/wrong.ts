import type { Phrase } from '../model/phrase.ts';
import { saying } from './mistake.ts';
import type { Path, Problem } from './validate.ts';

/** A value that does not mean what it should. */
export const wrong = (path: Path, found: Phrase, expected: Phrase): Problem => ({
  path,
  part: 'value',
  found,
  expected,
});

/** A value as it was found. */
export const value = (found: unknown): Phrase => saying('config.found_value', { value: JSON.stringify(found) });
