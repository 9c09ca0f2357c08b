import type { LogExample, LogLevel } from '../../../src/model/log-record.ts';
import { Link } from 'wouter';
import { absolute, clockTime, dayAndTime } from '../format/moment.ts';
import { entityHref } from '../format/names.ts';
import { useNow } from '../format/now.ts';
import { useWords } from '../text/words.ts';

const inks: Readonly<Record<LogLevel, string>> = {
  fatal: 'text-critical font-semibold',
  error: 'text-critical font-medium',
  warn: 'text-warning font-medium',
  info: 'text-muted',
  debug: 'text-muted',
  trace: 'text-muted',
};

const HALF_DAY_MS = 12 * 3_600_000;

/** The level in words, coloured from warning on; its width is that of the longest, so that lines begin under each other. */
export function LevelWord({ level }: { readonly level: LogLevel }) {
  const words = useWords();
  return <span className={`whitespace-nowrap ${inks[level]}`}>{words.name('level', level)}</span>;
}

function LogLine({ line, withEntity }: { readonly line: LogExample; readonly withEntity: boolean }) {
  const words = useWords();
  const now = useNow();
  const time = (now - line.time > HALF_DAY_MS ? dayAndTime : clockTime)(words.language, line.time);
  const said = Object.entries(line.attributes);
  return (
    <li className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5 px-4 py-2 text-sm sm:grid-cols-[8.5rem_6rem_minmax(0,1fr)]">
      <time
        dateTime={new Date(line.time).toISOString()}
        title={absolute(words.language, line.time)}
        className="whitespace-nowrap text-muted"
      >
        {time}
      </time>
      <LevelWord level={line.level} />
      <div className="min-w-0 max-sm:col-span-2">
        <p className="font-mono text-[13px] leading-relaxed break-words whitespace-pre-wrap">{line.text}</p>
        {(withEntity || said.length > 0) && (
          <p className="text-xs text-muted">
            {withEntity && (
              <Link href={entityHref(line.entity)} className="mr-3 underline underline-offset-2">
                {line.entity}
              </Link>
            )}
            {said.map(([name, value]) => `${name}=${value}`).join('  ')}
          </p>
        )}
      </div>
    </li>
  );
}

interface LogLinesProps {
  readonly lines: readonly LogExample[];
  readonly label: string;
  readonly withEntity?: boolean;
}

/** Lines of log as they were, newest first. */
export function LogLines({ lines, label, withEntity = false }: LogLinesProps) {
  return (
    <ul aria-label={label} className="card divide-y divide-line py-1">
      {lines.map((line) => (
        <LogLine key={line.id} line={line} withEntity={withEntity} />
      ))}
    </ul>
  );
}
