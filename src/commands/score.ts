import { createRowScorer } from '../detect/create-row-scorer.ts';
import { JOINT_MEMBERS } from '../detect/ensemble/members.ts';
import { asksNobody, FEW_COLUMNS } from '../detect/novelty/few-columns-scorer.ts';
import type { RowScorer, RowScorerOptions } from '../detect/row-scorer.ts';
import { VigiaError } from '../runtime/errors.ts';
import type { Words } from '../text/text.ts';
import { quoted } from './files/bad-input.ts';
import { scoreFile } from './score-file.ts';
import { EXIT, type Terminal } from './terminal.ts';

/** With rows this far apart the last of ten million still has a date. */
const MOST_STEP_SECONDS = 864_000;
const MOST_NAMES = 10;

/** What `--detectors` may name: those of single columns, and those of all columns together. */
const DETECTORS: readonly string[] = ['residual', 'novelty', ...JOINT_MEMBERS.map(({ kind }) => kind)];

export interface ScoreOptions {
  readonly train?: string;
  readonly step?: string;
  readonly detectors?: string;
  readonly out: string;
}

interface Wishes {
  readonly stepMs: number | null;
  readonly detectors: readonly string[] | null;
}

/** The options as they are meant; throws what is wrong with them. */
function wishes({ step, detectors: named }: ScoreOptions, words: Words): Wishes {
  const seconds = step === undefined ? null : Number(step);
  if (seconds !== null && !(seconds > 0 && seconds <= MOST_STEP_SECONDS)) {
    const detail = words.say('commands.bad_step', { found: step ?? '', limit: MOST_STEP_SECONDS });
    throw new VigiaError('USAGE', { detail });
  }
  const detectors = named?.split(',').map((kind) => kind.trim()) ?? null;
  const unknown = detectors?.find((kind) => !DETECTORS.includes(kind));
  if (unknown !== undefined) {
    const detail = words.say('commands.bad_detector', { found: unknown, known: DETECTORS.join(', ') });
    throw new VigiaError('USAGE', { detail });
  }
  return { stepMs: seconds === null ? null : seconds * 1000, detectors };
}

/** Some of the names, for a line. */
function listed(names: readonly string[]): string {
  const more = names.length > MOST_NAMES ? ', …' : '';
  return `${names.slice(0, MOST_NAMES).map(quoted).join(', ')}${more}`;
}

/** Throws where the detectors that were named would say nothing of so many columns. */
function scorerOf(asked: RowScorerOptions, file: string, words: Words): RowScorer {
  if (!asksNobody(asked)) return createRowScorer(asked);
  const detail = words.say('commands.bad_novelty', { file, found: asked.columns.length, limit: FEW_COLUMNS });
  throw new VigiaError('USAGE', { detail });
}

/** `vigia score`: says of every row of a file how abnormal it is. */
export async function score(data: string, options: ScoreOptions, terminal: Terminal): Promise<number> {
  const { words, progress } = terminal;
  const request = { data, train: options.train ?? null, out: options.out, ...wishes(options, words) };
  const tally = await scoreFile(request, {
    words,
    createScorer: (asked) => scorerOf(asked, data, words),
    progress: (rows) => progress?.(words.say('commands.score_progress', { file: data, rows })),
  });
  progress?.('');
  const { rows: count, critical, warning, leftOut } = tally;
  terminal.print(words.say('commands.score_done', { file: data, count, critical, warning, out: options.out }));
  if (leftOut.length > 0) terminal.print(words.say('commands.score_left_out', { columns: listed(leftOut) }));
  return EXIT.good;
}
