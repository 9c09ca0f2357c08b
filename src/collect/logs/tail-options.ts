import type { Labels } from '../../model/labels.ts';
import type { FilePosition } from './file-streams.ts';

export interface TailOptions {
  readonly name: string;
  /** Patterns of absolute paths. */
  readonly paths: readonly string[];
  /** Name the entity, by the same rules as the labels of a series. */
  readonly labels: Labels;
  /** Where reading begins in files that are there at the first start; those that come later are read whole. */
  readonly from: 'start' | 'end';
  readonly lineBytes: number;
}

/** Where reading has come to, over restarts, under names. */
export interface TailPositions {
  load(name: string): Promise<readonly FilePosition[]>;
  /** All of it together or nothing. */
  save(positions: Readonly<Record<string, readonly FilePosition[]>>): Promise<void>;
}
