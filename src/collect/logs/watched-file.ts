import type { LogRecord } from '../../model/log-record.ts';
import type { FilePosition } from './file-streams.ts';
import type { WrittenLine } from './line-assembler.ts';
import type { ReadFile } from './tailed-file.ts';

/** A file that is open and followed. */
export interface WatchedFile {
  readonly reader: ReadFile;
  readonly file: string;
  path: string;
  stream: string;
  /** Size and last change when it was looked for. */
  size: number;
  changedAt: number;
  /** Looks without anything new. */
  idle: number;
  /** Its path was found in the last look. */
  present: boolean;
  /** Records that could not be handed on yet: nothing more is read before they are. */
  waiting: { readonly records: readonly LogRecord[]; readonly last: WrittenLine } | null;
  /** Nothing more will ever be in it. */
  readonly packed: boolean;
}

/** Looks without anything new, after which a file that is at none of its paths any more is let go. */
const IDLE_LOOKS = 3;
/** A file that nobody has written to for so long is closed when it is read to its end. */
const REST_MS = 60_000;

/** Whether it is read to its end and nobody writes to it. */
export function mayBeClosed({ idle, waiting, present, packed, changedAt }: WatchedFile, now: number): boolean {
  if (idle === 0 || waiting !== null) return false;
  return present ? packed || changedAt < now - REST_MS : idle >= IDLE_LOOKS;
}

export const positionOf = ({ path, file, stream, reader, size }: WatchedFile): FilePosition => ({
  path,
  file,
  stream,
  offset: reader.done,
  rests: size,
  ...reader.head,
});
