// What the loader sees. The host lays memory out from heapBase upwards; the kernels allocate nothing.
export { multiplyPanels, multiplyTransposedLeft, packPanels, packPanelsTransposed } from './matrix';
export { lstmForward, lstmBackward } from './lstm';
export { denseForward, denseDelta, transposePanels } from './dense';
export { adam, sumOfSquares, scale, multiplyVectors } from './optimise';
export { rowDistances } from './distance';
export { rbfRow, rbfSum } from './rbf';
export { buildHistogram, subtractHistogram, gatherPairs, partitionRows } from './histogram';

/** First byte that is free for the host. */
export function heapBase(): usize {
  return (__heap_base + 63) & ~63;
}
