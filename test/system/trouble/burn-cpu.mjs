// Burns every core several times over, until it is ended: whoever else wants the CPU has to wait for it.
import { availableParallelism } from 'node:os';
import { isMainThread, Worker } from 'node:worker_threads';

const THREADS_A_CORE = 3;
const seconds = Number(process.argv[2] ?? 120);
const others = isMainThread ? THREADS_A_CORE * availableParallelism() - 1 : 0;
const workers = Array.from({ length: others }, () => new Worker(new URL(import.meta.url), { argv: [String(seconds)] }));
const until = Date.now() + seconds * 1000;
let x = 1;
while (Date.now() < until) for (let i = 0; i < 1e6; i++) x = (x * 1103515245 + 12345) % 2147483648;
process.exitCode = x > 0 && workers.length === others ? 0 : 1;
