const LF = 10;

/**
 * The lines of a stream, each read as JSON; a part without its line feed at the end is not handed on, as it was cut off.
 * Throws a RangeError when a line is longer than `most` bytes, a SyntaxError when one is no JSON.
 */
export async function* jsonLines(body: AsyncIterable<Uint8Array>, most: number): AsyncIterable<unknown> {
  let parts: Uint8Array[] = [];
  let length = 0;
  const keep = (part: Uint8Array): void => {
    length += part.length;
    if (length > most) throw new RangeError(`a line has more than ${most} bytes`);
    parts.push(part);
  };
  for await (const chunk of body) {
    let from = 0;
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
      keep(chunk.subarray(from, at));
      const line = Buffer.concat(parts, length).toString('utf8').trim();
      parts = [];
      length = 0;
      from = at + 1;
      if (line !== '') yield JSON.parse(line) as unknown;
    }
    if (from < chunk.length) keep(chunk.subarray(from));
  }
}
