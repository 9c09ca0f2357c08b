import { StringDecoder } from 'node:string_decoder';
import type { Words } from '../../text/text.ts';
import { explain, openBytes } from './read-records.ts';

/** What of a line is kept, in characters; the rest of a longer one is passed over. */
const LINE_CHARACTERS = 1 << 16;

/**
 * Reads a text file (UTF-8), plain or compressed by gzip as its first bytes say. Lines end at LF, a CR before it is
 * dropped, a last line without LF counts. Yields the lines of one piece of the file after the other. Throws what
 * `badInput` makes of unreadable or damaged files.
 */
export async function* readLines(file: string, words: Words): AsyncGenerator<readonly string[]> {
  let line = 1;
  const source = await openBytes(file).catch((thrown: unknown) => {
    throw explain(thrown, { file, line, words });
  });
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const split = (text: string): string[] => {
    const lines = text.split('\n');
    lines[0] = rest + lines[0]!;
    rest = lines.pop()!.slice(0, LINE_CHARACTERS + 1);
    line += lines.length;
    return lines.map(trimmed);
  };
  try {
    for await (const chunk of source.stream) {
      const lines = split(decoder.write(chunk as Buffer));
      if (lines.length > 0) yield lines;
    }
    const last = rest + decoder.end();
    if (last !== '') yield [trimmed(last)];
  } catch (thrown) {
    throw explain(thrown, { file, line, words });
  } finally {
    await source.close();
  }
}

const trimmed = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line).slice(0, LINE_CHARACTERS);
