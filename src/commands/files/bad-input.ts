import { VigiaError } from '../../runtime/errors.ts';
import type { TextKey } from '../../text/catalogue.ts';
import type { Words } from '../../text/text.ts';

type FileKey = Extract<TextKey, `files.${string}`> extends `files.${infer Key}` ? Key : never;

/** A name or a cell as it is quoted in a message: on one line and short, whatever stands in the file. */
export const quoted = (text: string): string => {
  const line = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
};

/** Says in one line what is wrong with a file, where, and what to do; ends a command with exit code 2. */
export function badInput(
  words: Words,
  key: FileKey,
  at: { readonly file: string; readonly line?: number; readonly [name: string]: string | number | undefined },
): VigiaError {
  const values: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(at)) {
    if (value !== undefined) values[name] = typeof value === 'string' && name !== 'file' ? quoted(value) : value;
  }
  return new VigiaError('USAGE', { detail: words.say(`files.${key}`, values) });
}
