import { resolve } from 'node:path';
import { findHeader, type LineHeader, textStart } from '../prepare/templates/line-header.ts';
import { type LogTemplate, TemplateMiner } from '../prepare/templates/template-miner.ts';
import { badInput } from './files/bad-input.ts';
import { createLineFile, csvField } from './files/line-file.ts';
import { readLines } from './files/read-lines.ts';
import { EXIT, type Terminal } from './terminal.ts';

/** Lines that the header is found from. */
const HEADER_LINES = 5000;
/** One number is held for each line. */
const MAX_LINES = 50_000_000;

/** Patterns are joined on the way when so many are new, so that their number stays small. */
const MANY = 2000;

const join = (miner: TemplateMiner): void => {
  const steps = miner.join();
  while (!steps.next().done);
};

/** Writes the pattern of every line of a log file: `line,template_id,template`. */
export async function templates(file: string, { out }: { readonly out: string }, terminal: Terminal): Promise<number> {
  const { folder, print, words } = terminal;
  const source = resolve(folder, file);
  const output = await createLineFile(resolve(folder, out), { words, reads: [source] });
  try {
    const { numbers, miner } = await mine(source, terminal);
    await output.write('line,template_id,template');
    const known = new Map<number, LogTemplate>();
    for (let at = 0; at < numbers.length; at++) {
      const number = numbers[at]!;
      let template = known.get(number);
      if (template === undefined) known.set(number, (template = miner.template(number)));
      await output.write(`${at + 1},${template.id},${csvField(template.text)}`);
    }
    await output.finish();
    const count = new Set([...known.values()].map(({ id }) => id)).size;
    print(words.say('commands.templates_done', { file, count, lines: numbers.length, out }));
    return EXIT.good;
  } finally {
    await output.abandon();
  }
}

/** Reads the file once: the pattern number of each line, joined at the end. */
async function mine(file: string, { words }: Terminal) {
  const miner = new TemplateMiner();
  let numbers = new Int32Array(1024);
  let count = 0;
  let waiting: string[] = [];
  let header: LineHeader | null = null;
  const take = (lines: readonly string[], found: LineHeader): void => {
    if (count + lines.length > MAX_LINES) throw badInput(words, 'manyRows', { file, line: count, limit: MAX_LINES });
    while (count + lines.length > numbers.length) {
      const longer = new Int32Array(2 * numbers.length);
      longer.set(numbers);
      numbers = longer;
    }
    for (const line of lines) numbers[count++] = miner.add(line.slice(textStart(line, found)));
    if (miner.unjoined > MANY) join(miner);
  };
  for await (const lines of readLines(file, words)) {
    if (header !== null) {
      take(lines, header);
      continue;
    }
    waiting.push(...lines);
    if (waiting.length < HEADER_LINES) continue;
    header = findHeader(waiting.slice(0, HEADER_LINES));
    take(waiting, header);
    waiting = [];
  }
  if (header === null) take(waiting, findHeader(waiting));
  join(miner);
  return { numbers: numbers.subarray(0, count), miner };
}
