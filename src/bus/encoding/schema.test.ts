import { readFileSync } from 'node:fs';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { internLayout } from '../../model/layout.ts';
import { encodeFrame } from './frames.ts';
import { encodeSamples } from './samples.ts';

interface Field {
  readonly name: string;
  readonly type: string;
  readonly repeated: boolean;
}

const WIRE: Readonly<Record<string, WireType>> = {
  double: WireType.Bit64,
  float: WireType.Bit32,
  bool: WireType.Varint,
  string: WireType.LengthDelimited,
};

/** The messages that the files declare: fields by number. */
function declared(): ReadonlyMap<string, ReadonlyMap<number, Field>> {
  const messages = new Map<string, Map<number, Field>>();
  for (const file of ['samples', 'frames']) {
    const text = readFileSync(new URL(`../../../proto/vigia/v1/${file}.proto`, import.meta.url), 'utf8');
    for (const [, name = '', body = ''] of text.matchAll(/^message (\w+) \{([^]*?)^\}/gm)) {
      const fields = [...body.matchAll(/^\s*(repeated )?(\w+) (\w+) = (\d+);/gm)];
      const numbered = fields.map(([, repeated, type = '', field = '', number]): [number, Field] => [
        Number(number),
        { name: field, type, repeated: repeated !== undefined },
      ]);
      messages.set(name, new Map(numbered));
    }
  }
  return messages;
}

const messages = declared();

/** Names of all fields that are in the bytes, `a.b` for those within; throws on what the schema does not know. */
function fieldsOf(message: string, bytes: Uint8Array): Set<string> {
  const found = new Set<string>();
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const field = messages.get(message)?.get(number);
    if (field === undefined) throw new Error(`${message} has no field ${number}`);
    const within = messages.has(field.type);
    // Columns are packed; enums are numbers.
    const packed = within || (field.repeated && field.type !== 'string');
    const expected = packed ? WireType.LengthDelimited : (WIRE[field.type] ?? WireType.Varint);
    if (wire !== expected) throw new Error(`${message}.${field.name} is on the wire as ${wire}`);
    found.add(field.name);
    if (within) for (const inner of fieldsOf(field.type, reader.bytes())) found.add(`${field.name}.${inner}`);
    else reader.skip(wire, number);
  }
  return found;
}

describe('what is written is what proto/ declares', () => {
  it('for samples', () => {
    const series = {
      key: 'a{b="c"}',
      name: 'a',
      labels: { b: 'c' },
      type: 'counter',
      unit: 'bytes',
      entity: 'host/a',
    } as const;
    const columns = { series: [series], times: Float64Array.of(1), values: Float64Array.of(2) };
    const found = fieldsOf(
      'SampleBatch',
      encodeSamples({ entity: 'host/a', fleet: 'f', source: 's', receivedAt: 1, ...columns }),
    );
    for (const name of messages.get('SampleBatch')!.values()) expect(found).toContain(name.name);
    for (const name of messages.get('Series')!.values()) expect(found).toContain(`series.${name.name}`);
    expect(found).toContain('series.labels.value');
  });

  it('for frames', () => {
    const feature = { name: 'a', metric: 'm', labels: { b: 'c' }, kind: 'rate', unit: 'bytes' } as const;
    const layout = internLayout([
      { ...feature, limit: { side: 'below', value: 0 } },
      { ...feature, name: 'b', limit: { side: 'above', value: { feature: 'a' } } },
    ]);
    const arrays = { layout, values: new Float32Array(2), derived: new Float32Array(10) };
    const found = fieldsOf(
      'Frame',
      encodeFrame({ entity: 'host/a', fleet: 'f', time: 1, stepMs: 1, closedAt: 1, ...arrays }),
    );
    for (const name of messages.get('Frame')!.values()) expect(found).toContain(name.name);
    for (const name of messages.get('Feature')!.values()) expect(found).toContain(`layout.features.${name.name}`);
    for (const name of ['below', 'value', 'feature']) expect(found).toContain(`layout.features.limit.${name}`);
  });
});
