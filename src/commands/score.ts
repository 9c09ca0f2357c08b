import { createRowScorer } from '../detect/create-row-scorer.ts';
import { JOINT_MEMBERS } from '../detect/ensemble/members.ts';
import { scoreFile } from './score-file.ts';
import { EXIT, type Terminal } from './terminal.ts';

/** With rows this far apart the last of ten million still has a date. */
const MOST_STEP_SECONDS = 864_000;

/** What `--detectors` may name: those of single columns, and those of all columns together. */
const DETECTORS: readonly string[] = ['residual', 'novelty', ...JOINT_MEMBERS.map(({ kind }) => kind)];

export interface ScoreOptions {
  readonly train?: string;
  readonly step?: string;
  readonly detectors?: string;
  readonly out: string;
}

/** `vigia score`: says of every row of a file how abnormal it is. */
export async function score(data: string, options: ScoreOptions, terminal: Terminal): Promise<number> {
  const { words } = terminal;
  const seconds = options.step === undefined ? null : Number(options.step);
  if (seconds !== null && !(seconds > 0 && seconds <= MOST_STEP_SECONDS)) {
    terminal.complain(words.say('commands.bad_step', { found: options.step ?? '', limit: MOST_STEP_SECONDS }));
    return EXIT.usage;
  }
  const detectors = options.detectors?.split(',').map((kind) => kind.trim()) ?? null;
  const unknown = detectors?.find((kind) => !DETECTORS.includes(kind));
  if (unknown !== undefined) {
    terminal.complain(words.say('commands.bad_detector', { found: unknown, known: DETECTORS.join(', ') }));
    return EXIT.usage;
  }
  const tally = await scoreFile(
    {
      data,
      train: options.train ?? null,
      out: options.out,
      stepMs: seconds === null ? null : seconds * 1000,
      detectors,
    },
    {
      words,
      createScorer: createRowScorer,
      progress: (rows) => terminal.progress?.(words.say('commands.score_progress', { file: data, rows })),
    },
  );
  terminal.progress?.('');
  const { rows: count, critical, warning } = tally;
  terminal.print(words.say('commands.score_done', { file: data, count, critical, warning, out: options.out }));
  return EXIT.good;
}
