import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Garbage may grow the heap by this share of what is alive before it is collected; V8 alone lets it become fourfold. */
const GROWING_PERCENT = 20;

/**
 * For processes of which there are many on a machine: the heap is collected before it is several times as large as what
 * is alive in it. To be called before the program is loaded, as compiling it makes more garbage than anything later. V8
 * reads these flags whenever it collects, so that they may be set while it runs.
 */
export function keepHeapLean(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
  // Young objects have little room, as long as a program is compiled that stays.
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** Everything is loaded: what that left behind goes at once (about 100 ms), and young objects get the room that they need. */
export function settleHeap(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  setFlagsFromString('--semi-space-growth-factor=2');
}
