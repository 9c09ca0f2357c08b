/** Splits a `text/event-stream` into the data of its events; keeps what is not complete yet. */
export function createEventParser(onData: (data: string) => void): (chunk: string) => void {
  let rest = '';
  /** An event of the server has a few hundred characters; whatever never ends is thrown away. */
  const MAX_REST = 1_000_000;
  return (chunk) => {
    rest += chunk;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    if (rest.length > MAX_REST) rest = '';
    for (const block of blocks) {
      const data = block
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).trimStart());
      if (data.length > 0) onData(data.join('\n'));
    }
  };
}
