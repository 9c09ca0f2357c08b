import { type RawBuilder, sql } from 'kysely';
import type { Frame, RollupFrame } from '../model/frame.ts';
import type { PeriodTable } from './partitions.ts';
import { float4Array, int4Array, timestampArray } from './values.ts';

/** Frames of several layouts go into one statement: all numbers in one long array, each row a slice of it. */
function pack(rows: readonly Float32Array[]): { readonly flat: Float32Array; readonly ends: Int32Array } {
  const ends = new Int32Array(rows.length);
  let length = 0;
  for (let i = 0; i < rows.length; i++) {
    length += rows[i]!.length;
    ends[i] = length;
  }
  const flat = new Float32Array(length);
  for (let i = 0; i < rows.length; i++) flat.set(rows[i]!, ends[i]! - rows[i]!.length);
  return { flat, ends };
}

const starts = (ends: Int32Array): Int32Array => Int32Array.from(ends, (_, i) => (i === 0 ? 1 : ends[i - 1]! + 1));

/** `entity` and `layout` are the numbers of each frame's entity and layout. */
export interface FrameNumbers {
  readonly entity: readonly number[];
  readonly layout: readonly number[];
}

export function stepInsertion(frames: readonly Frame[], numbers: FrameNumbers): RawBuilder<unknown> {
  const { flat, ends } = pack(frames.map(({ values }) => values));
  return sql`insert into frames_step (entity, time, step_ms, layout, closed_at, "values")
    select entity, time, step_ms, layout, closed_at, (${float4Array(flat)})[first:last]
    from unnest(${int4Array(numbers.entity)}, ${timestampArray(frames.map(({ time }) => time))},
      ${int4Array(frames.map(({ stepMs }) => stepMs))}, ${int4Array(numbers.layout)},
      ${timestampArray(frames.map(({ closedAt }) => closedAt))}, ${int4Array(starts(ends))}, ${int4Array(ends)})
      as frame (entity, time, step_ms, layout, closed_at, first, last)
    on conflict do nothing`;
}

export function rollupInsertion(
  table: PeriodTable,
  frames: readonly RollupFrame[],
  numbers: FrameNumbers,
): RawBuilder<unknown> {
  const { flat: mean, ends } = pack(frames.map((frame) => frame.mean));
  const { flat: low } = pack(frames.map((frame) => frame.low));
  const { flat: high } = pack(frames.map((frame) => frame.high));
  return sql`insert into ${sql.table(table.name)} (entity, time, step_ms, layout, mean, low, high)
    select entity, time, step_ms, layout,
      (${float4Array(mean)})[first:last], (${float4Array(low)})[first:last], (${float4Array(high)})[first:last]
    from unnest(${int4Array(numbers.entity)}, ${timestampArray(frames.map(({ time }) => time))},
      ${int4Array(frames.map(({ stepMs }) => stepMs))}, ${int4Array(numbers.layout)},
      ${int4Array(starts(ends))}, ${int4Array(ends)}) as frame (entity, time, step_ms, layout, first, last)
    on conflict do nothing`;
}
