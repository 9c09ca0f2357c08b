import type { Words } from '../../text/text.ts';
import { createLineFile, csvField } from '../files/line-file.ts';
import type { Predictions } from './predictions.ts';
import type { FrameTable } from './read-frames.ts';

/** Writes one line for every row about which something was said, in the order of the file. Answers how many. */
export async function writePredictions(
  file: string,
  {
    table,
    said,
    names,
    words,
  }: {
    readonly table: FrameTable;
    readonly said: Predictions;
    readonly names: readonly string[];
    readonly words: Words;
  },
): Promise<number> {
  const out = await createLineFile(file, { words, reads: [table.file] });
  let count = 0;
  try {
    const columns = [...names.map((name) => `p_${name}`), 'expected_remaining', 'low', 'high'];
    await out.write(['entity', 'time', ...columns].join(','));
    for (let row = 0; row < table.rows; row++) {
      if (said.made[row] !== 1) continue;
      count++;
      const entity = csvField(table.entities[table.entityOf[row]!]!);
      let line = `${entity},${csvField(table.timeText[row]!)}`;
      for (let j = 0; j < said.horizons; j++) line += `,${said.probabilities[row * said.horizons + j]!}`;
      const written = out.write(`${line},${said.expected[row]!},${said.low[row]!},${said.high[row]!}`);
      if (written !== undefined) await written;
    }
    await out.finish();
    return count;
  } catch (thrown) {
    await out.abandon();
    throw thrown;
  }
}
