import { expect, it } from 'vitest';
import { partitionOf } from './partition-of.ts';

it('chooses partitions as the clients of Kafka do', () => {
  // From UtilsTest of Kafka's own client, which gives the hash as a signed number.
  const hashes: Readonly<Record<string, number>> = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  };
  for (const [key, hash] of Object.entries(hashes)) {
    for (const partitions of [1, 7, 12, 1000, 0x7fffffff]) {
      expect(partitionOf(key, partitions)).toBe((hash & 0x7fffffff) % partitions);
    }
  }
});
