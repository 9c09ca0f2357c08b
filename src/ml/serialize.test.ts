import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from './crc32.ts';
import { MlError } from './ml-error.ts';
import { decodeModel, encodeModel, requireKind } from './serialize.ts';

const sample = (): Uint8Array =>
  encodeModel(
    'sample',
    2,
    { trees: 3, learningRate: 0.1, objective: 'squared' },
    {
      feature: Int16Array.of(-1, 4, 7),
      threshold: Float64Array.of(0.1, Number.NaN, -Infinity),
      empty: new Uint8Array(0),
    },
  );

const failure = (code: string): unknown => expect.objectContaining({ name: 'MlError', code });

/** The sample with another directory and a fresh, valid checksum: what a hostile writer would send. */
function forge(directory: unknown, body = new Uint8Array(0), declared?: number): Uint8Array {
  const text = typeof directory === 'string' ? directory : JSON.stringify(directory);
  const json = new TextEncoder().encode(text);
  const start = Math.ceil((24 + json.length) / 8) * 8;
  const bytes = new Uint8Array(start + body.length);
  bytes.set(sample().subarray(0, 24));
  bytes.set(json, 24);
  bytes.set(body, start);
  const view = new DataView(bytes.buffer);
  view.setUint32(12, bytes.length, true);
  view.setUint32(16, declared ?? json.length, true);
  view.setUint32(20, crc32(bytes.subarray(24)), true);
  return bytes;
}

describe('crc32', () => {
  it('gives the published check value', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });
});

describe('the model container', () => {
  it('comes back exactly', () => {
    const model = decodeModel(sample());
    expect(model).toMatchObject({ kind: 'sample', version: 2, header: { trees: 3, learningRate: 0.1 } });
    expect(model.section('feature', 'i16', 3)).toEqual(Int16Array.of(-1, 4, 7));
    expect(model.section('threshold', 'f64')).toEqual(Float64Array.of(0.1, Number.NaN, -Infinity));
    expect(model.section('empty', 'u8', 0)).toHaveLength(0);
    expect(model.integer('trees', 1, 10)).toBe(3);
    expect(model.number('learningRate')).toBe(0.1);
    expect(model.choice('objective', ['logistic', 'squared'])).toBe('squared');
  });

  it('comes back exactly for any arrays, at any alignment', () => {
    const doubles = fc.float64Array({ maxLength: 20 });
    const bytes = fc.uint8Array({ maxLength: 20 });
    fc.assert(
      fc.property(doubles, bytes, fc.float32Array({ maxLength: 9 }), fc.nat(7), (a, b, c, shift) => {
        const encoded = encodeModel('any', 1, {}, { b, a, c });
        const shifted = new Uint8Array(encoded.length + shift);
        shifted.set(encoded, shift);
        const model = decodeModel(shifted.subarray(shift));
        expect(model.section('a', 'f64')).toEqual(a);
        expect(model.section('b', 'u8')).toEqual(b);
        expect(model.section('c', 'f32')).toEqual(c);
      }),
    );
  });

  it('names a section or a header entry that is not as expected', () => {
    const model = decodeModel(sample());
    expect(() => model.section('weights', 'f64')).toThrowError('section weights is missing');
    expect(() => model.section('feature', 'f64')).toThrowError('section feature is not f64');
    expect(() => model.section('feature', 'i16', 4)).toThrowError('section feature has 3 values, expected 4');
    expect(() => model.number('depth')).toThrowError('header depth');
    expect(() => model.integer('learningRate', 0, 1)).toThrowError('header learningRate');
    expect(() => model.integer('trees', 4, 9)).toThrowError('header trees');
    expect(() => model.number('toString')).toThrowError('header toString');
    expect(() => model.choice('objective', ['hazard'])).toThrowError('header objective');
    expect(() => requireKind(model, 'forest', 1)).toThrowError(failure('ML_KIND'));
    expect(() => requireKind(model, 'sample', 1)).toThrowError(failure('ML_VERSION'));
    requireKind(model, 'sample', 2);
  });

  it('refuses every truncation, and every single changed byte', () => {
    const bytes = sample();
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeModel(bytes.subarray(0, length))).toThrowError(failure('ML_FORMAT'));
    }
    for (let index = 0; index < bytes.length; index++) {
      const damaged = bytes.slice();
      damaged[index]! ^= 0x10;
      expect(() => decodeModel(damaged), `byte ${index}`).toThrowError(MlError);
    }
    expect(() => decodeModel(bytes, { maxBytes: 10 })).toThrowError(failure('ML_TOO_LARGE'));
  });

  it.each([
    ['not json', '{"kind":'],
    ['not an object', '[]'],
    ['no kind', { version: 1, header: {}, sections: [] }],
    ['header is a list', { kind: 'x', version: 1, header: [], sections: [] }],
    ['fractional version', { kind: 'x', version: 1.5, header: {}, sections: [] }],
    ['section of unknown type', { kind: 'x', version: 1, header: {}, sections: [['a', 'constructor', 1]] }],
    ['section of negative length', { kind: 'x', version: 1, header: {}, sections: [['a', 'f64', -1]] }],
    ['section of enormous length', { kind: 'x', version: 1, header: {}, sections: [['a', 'f64', 2 ** 52]] }],
    ['section of 4 GB', { kind: 'x', version: 1, header: {}, sections: [['a', 'u8', 2 ** 32]] }],
    ['section is null', { kind: 'x', version: 1, header: {}, sections: [null] }],
    [
      'same section twice',
      {
        kind: 'x',
        version: 1,
        header: {},
        sections: [
          ['a', 'u8', 0],
          ['a', 'u8', 0],
        ],
      },
    ],
    ['too many sections', { kind: 'x', version: 1, header: {}, sections: Array.from({ length: 5000 }, () => []) }],
    ['deep nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ])('refuses a forged directory with a valid checksum: %s', (_, directory) => {
    expect(() => decodeModel(forge(directory))).toThrowError(failure('ML_FORMAT'));
  });

  it('refuses left-over bytes and a directory longer than the file', () => {
    const empty = { kind: 'x', version: 1, header: {}, sections: [] };
    expect(() => decodeModel(forge(empty, new Uint8Array(8)))).toThrowError('left over');
    expect(() => decodeModel(forge(empty, new Uint8Array(0), 0xffffffff))).toThrowError('does not fit');
    expect(decodeModel(forge(empty)).kind).toBe('x');
  });

  it('does not let a header reach a prototype', () => {
    const model = decodeModel(forge('{"kind":"x","version":1,"header":{"__proto__":{"trees":9}},"sections":[]}'));
    expect(() => model.integer('trees', 0, 10)).toThrowError('header trees');
    expect(({} as Record<string, unknown>)['trees']).toBeUndefined();
  });

  it('survives arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeModel(bytes)).toThrowError(MlError);
      }),
    );
  });
});
