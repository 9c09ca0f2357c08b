import type { Anomaly } from '../../../src/model/anomaly.ts';
import type { LogSequence } from '../../../src/model/log-sequence.ts';
import { formatPercent } from '../../../src/text/format.ts';
import { useOddSequences } from '../api/queries.ts';
import { useNow } from '../format/now.ts';
import { oneIn } from '../format/probability.ts';
import { useWords } from '../text/words.ts';
import { StateIcon } from '../ui/severity.tsx';
import { When } from '../ui/when.tsx';
import { usePatternText } from './pattern-text.ts';

/** Sessions at once, the rarest of those there are, each with something else that was unexpected. */
const SHOWN = 3;
/** Lines around the one that was unexpected; the others are only counted. */
const AROUND = 3;
/** An anomaly is told of sessions of up to an hour before it, and goes on for a while after them. */
const BEFORE_MS = 3_600_000;
const GRAIN_MS = 60_000;

/** Lines of a session around the unexpected one, and how many there are before and after these. */
function cut({ templates, position }: LogSequence) {
  const at = position ?? 0;
  const from = Math.max(0, at - AROUND);
  const to = Math.min(templates.length, at + AROUND + 1);
  return { from, before: from, after: templates.length - to, lines: templates.slice(from, to) };
}

/** What was unexpected, after what: sessions that have it in common show the same. */
const oddness = ({ templates, position }: LogSequence): string =>
  `${templates[(position ?? 0) - 1] ?? ''} ${templates[position ?? 0] ?? ''}`;

/** The rarest first and then the newest, one of each kind. */
function rarest(sequences: readonly LogSequence[]): readonly LogSequence[] {
  const byKind = new Map<string, LogSequence>();
  for (const one of sequences.toSorted((a, b) => (a.pValue ?? 1) - (b.pValue ?? 1) || b.end - a.end))
    if (!byKind.has(oddness(one))) byKind.set(oddness(one), one);
  return [...byKind.values()].slice(0, SHOWN);
}

function Line({ number, text, odd }: { readonly number: number; readonly text: string; readonly odd: boolean }) {
  const words = useWords();
  return (
    <li className={`grid grid-cols-[2.5rem_minmax(0,1fr)] gap-x-2 rounded px-2 py-0.5 ${odd ? 'bg-sunken' : ''}`}>
      <span className="text-right text-muted tabular-nums">{number}</span>
      <span className="break-words">
        <span className="font-mono text-[13px]">{text}</span>
        {odd && (
          <span className="ml-2 inline-flex items-center gap-1 text-xs whitespace-nowrap text-muted">
            <StateIcon state="warning" /> {words.say('dashboard-entity.sequenceOdd')}
          </span>
        )}
      </span>
    </li>
  );
}

/** What usually stands where the session was unexpected. */
function Usually({ expected }: Pick<LogSequence, 'expected'>) {
  const words = useWords();
  const textOf = usePatternText();
  if (expected.length === 0) return null;
  return (
    <div className="mt-1.5 text-muted">
      <p>{words.say('dashboard-entity.sequenceUsually')}</p>
      <ul>
        {expected.map(({ template, probability }) => (
          <li key={template ?? ''} className="grid grid-cols-[2.5rem_minmax(0,1fr)] gap-x-2 px-2">
            <span className="text-right tabular-nums">{formatPercent(words.language, probability)}</span>
            <span className={template === null ? '' : 'font-mono text-[13px] break-words'}>
              {template === null ? words.say('dashboard-entity.sequenceEnd') : textOf(template)}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Sequence({ sequence }: { readonly sequence: LogSequence }) {
  const words = useWords();
  const textOf = usePatternText();
  const { from, before, after, lines } = cut(sequence);
  const { position, templates, pValue, start, expected } = sequence;
  return (
    <li className="border-t border-line py-3">
      <p className="mb-1.5 text-muted">
        <When time={start} /> · {words.say('dashboard-entity.sequenceRare', { one: oneIn(words, pValue ?? 1) })}
      </p>
      {before > 0 && <p className="px-2 text-muted">{words.say('dashboard-entity.sequenceMore', { count: before })}</p>}
      <ol>
        {lines
          .map((template, at) => ({ template, at: from + at }))
          .map(({ template, at }) => (
            <Line key={at} number={at + 1} text={textOf(template)} odd={at === position} />
          ))}
        {position === templates.length && (
          <Line number={position + 1} text={words.say('dashboard-entity.sequenceNothing')} odd />
        )}
      </ol>
      {after > 0 && <p className="px-2 text-muted">{words.say('dashboard-entity.sequenceMore', { count: after })}</p>}
      <Usually expected={expected} />
    </li>
  );
}

/** The sessions behind an anomaly of their order: their lines, which of them was unexpected, and what usually comes there. */
export function OddSequences({ anomaly: { entity, start, end } }: { readonly anomaly: Anomaly }) {
  const words = useWords();
  const now = useNow();
  const range = {
    from: Math.max(0, start - BEFORE_MS),
    to: Math.ceil((end ?? now) / GRAIN_MS) * GRAIN_MS,
  };
  const { data } = useOddSequences(entity, range);
  const shown = rarest(data?.items ?? []);
  if (shown.length === 0) return null;
  return (
    <div className="mb-4 text-sm">
      <h4 className="mb-1.5 font-medium">{words.say('dashboard-entity.sequences')}</h4>
      <ul>
        {shown.map((sequence) => (
          <Sequence key={sequence.id} sequence={sequence} />
        ))}
      </ul>
    </div>
  );
}
