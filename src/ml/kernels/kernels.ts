import { readFileSync } from 'node:fs';
import { MlError } from '../ml-error.ts';

/** Byte address in the memory of one kernel instance. Float `i` of a block stands at `floats[address / 4 + i]`. */
export type Address = number;

/**
 * The compiled functions; assembly/ gives the shapes. Addresses are bytes, strides count floats, counts are multiples of 4.
 * Plain numbers in the order of the AssemblyScript signatures: WebAssembly knows no others.
 */
type Kernel = (...args: number[]) => void;
type KernelFunctions = {
  readonly multiplyPanels: Kernel;
  readonly multiplyTransposedLeft: Kernel;
  readonly packPanels: Kernel;
  readonly packPanelsTransposed: Kernel;
  readonly rowDistances: Kernel;
  readonly rbfSum: (...args: number[]) => number;
  readonly rbfRow: Kernel;
  readonly buildHistogram: Kernel;
  readonly subtractHistogram: (parent: Address, child: Address, columns: number) => void;
  readonly gatherPairs: (pairs: Address, all: Address, order: Address, count: number) => void;
  readonly partitionRows: (...args: number[]) => number;
  readonly lstmForward: (plan: Address) => void;
  readonly lstmBackward: (plan: Address) => void;
  readonly denseForward: Kernel;
  readonly denseDelta: Kernel;
  readonly transposePanels: Kernel;
  readonly adam: Kernel;
  readonly sumOfSquares: (values: Address, count: number) => number;
  readonly scale: (values: Address, count: number, factor: number) => void;
  readonly multiplyVectors: (target: Address, a: Address, b: Address, count: number) => void;
};

/** One instance of the compiled kernels with its own memory, which the caller lays out by `allocate`. */
export type Kernels = {
  readonly run: KernelFunctions;
  /** The whole memory as float32. Read it anew after every `allocate`: growth detaches older views. */
  readonly floats: Float32Array;
  /** The whole memory as float64, under the same rule: double `i` of a block stands at `doubles[address / 8 + i]`. */
  readonly doubles: Float64Array;
  /** The whole memory as 32-bit integers, under the same rule. */
  readonly integers: Int32Array;
  /** A zeroed block of `count` 32-bit values, aligned to 64 bytes. Throws `ML_TOO_LARGE` beyond 1 GiB in all. */
  allocate(count: number): Address;
  /** Where the next block will stand. */
  mark(): Address;
  /** Frees every block from a mark on, or all; their addresses must not be used again. */
  release(mark?: Address): void;
};

/** The part of the engine's WebAssembly interface that is used here; TypeScript knows it only beside a browser's types. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => WebAssemblyModule;
  Instance: new (module: WebAssemblyModule) => { readonly exports: unknown };
};
type WebAssemblyModule = { readonly __module: never };
type WebAssemblyMemory = { readonly buffer: ArrayBuffer; grow(pages: number): number };

const PAGE = 65536;
const LIMIT = 2 ** 30;

/** In order of preference: fused multiply-add first, where the engine validates it (not in Node 20). */
const FILES = { scoring: ['./kernels.wasm'], training: ['./kernels-relaxed.wasm', './kernels.wasm'] } as const;

const modules = new Map<keyof typeof FILES, WebAssemblyModule>();

function loadModule(purpose: keyof typeof FILES): WebAssemblyModule {
  const known = modules.get(purpose);
  if (known) return known;
  for (const file of FILES[purpose]) {
    const bytes = readFileSync(new URL(file, import.meta.url));
    if (!WebAssembly.validate(bytes)) continue;
    const module = new WebAssembly.Module(bytes);
    modules.set(purpose, module);
    return module;
  }
  throw new MlError('ML_VALUE', 'this engine has no WebAssembly SIMD');
}

/**
 * A new instance with empty memory. `scoring` is the strict build on every machine, so that all of them give the same bits;
 * `training` takes fused multiply-add where the engine has it, which is as exact but not equal to the bit.
 */
export function createKernels(purpose: 'scoring' | 'training'): Kernels {
  const { exports } = new WebAssembly.Instance(loadModule(purpose));
  const run = exports as KernelFunctions & { memory: WebAssemblyMemory; heapBase(): number };
  const { memory } = run;
  const base = run.heapBase();
  let top = base;
  let floats = new Float32Array(memory.buffer);
  let doubles = new Float64Array(memory.buffer);
  let integers = new Int32Array(memory.buffer);

  function allocate(count: number): Address {
    const address = top;
    const next = top + Math.ceil((count * 4) / 64) * 64;
    if (!(next <= LIMIT)) throw new MlError('ML_TOO_LARGE', `the kernels hold at most ${LIMIT} bytes, this needs more`);
    if (next > memory.buffer.byteLength) {
      memory.grow(Math.ceil((next - memory.buffer.byteLength) / PAGE));
      floats = new Float32Array(memory.buffer);
      doubles = new Float64Array(memory.buffer);
      integers = new Int32Array(memory.buffer);
    }
    top = next;
    integers.fill(0, address / 4, next / 4);
    return address;
  }

  return {
    run,
    get floats() {
      return floats;
    },
    get doubles() {
      return doubles;
    },
    get integers() {
      return integers;
    },
    allocate,
    mark: () => top,
    release: (mark = base) => {
      top = mark;
    },
  };
}

/** Models stay laid out in the shared instance up to this size; then all make room for the next. */
const SHARED_BYTES = 32 * 2 ** 20;

let shared: Kernels | undefined;
let tenants = new WeakSet<object>();

/**
 * The one scoring instance of this thread. Models share it, since every WebAssembly memory reserves gigabytes of address space.
 * `layOut` writes the owner's weights when they are not there: at first, and after others needed the room.
 */
export function borrowScoringKernels(owner: object, layOut: (kernels: Kernels) => void): Kernels {
  shared ??= createKernels('scoring');
  if (tenants.has(owner)) return shared;
  if (shared.mark() > SHARED_BYTES) {
    shared.release();
    tenants = new WeakSet();
  }
  layOut(shared);
  tenants.add(owner);
  return shared;
}

/** Runs `work` on the thread's scoring instance; what it allocates is freed at the end. */
export function withScratchKernels<T>(work: (kernels: Kernels) => T): T {
  shared ??= createKernels('scoring');
  const mark = shared.mark();
  try {
    return work(shared);
  } finally {
    shared.release(mark);
  }
}

/** The next multiple of `step`, a power of two. */
export function roundUp(count: number, step: number): number {
  return (count + step - 1) & -step;
}
