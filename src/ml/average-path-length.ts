const EULER_GAMMA = 0.577_215_664_901_532_9;

/**
 * Average path length of an unsuccessful search in a binary search tree of `size` entries (Liu et al. 2008, equation 1):
 * what a leaf of an isolation tree that still holds `size` rows would have added.
 */
export function averagePathLength(size: number): number {
  if (size <= 1) return 0;
  if (size <= 2) return 1;
  return 2 * (Math.log(size - 1) + EULER_GAMMA) - (2 * (size - 1)) / size;
}
