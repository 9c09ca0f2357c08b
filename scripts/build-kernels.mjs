// Compiles src/ml/kernels/assembly (AssemblyScript) to two small WebAssembly files beside their loader: the strict build that
// every score comes from, and the relaxed one (fused multiply-add) that training uses where the engine has it.
// Does nothing when both are newer than their sources. Plain JavaScript on purpose: it runs before anything has been compiled.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'src/ml/kernels');
const assembly = join(folder, 'assembly');
const compilerFolder = join(root, 'node_modules/assemblyscript');
const compiler = join(compilerFolder, 'bin/asc.js');

const common = ['--optimizeLevel', '3', '--noAssert', '--runtime', 'stub', '--initialMemory', '1', '--enable', 'simd'];
const builds = [
  { file: join(folder, 'kernels.wasm'), options: [] },
  { file: join(folder, 'kernels-relaxed.wasm'), options: ['--enable', 'relaxed-simd'] },
];

function newestSource() {
  const sources = readdirSync(assembly).map((name) => join(assembly, name));
  sources.push(fileURLToPath(import.meta.url), join(compilerFolder, 'package.json'));
  return Math.max(...sources.map((file) => statSync(file).mtimeMs));
}

function compile({ file, options }) {
  // Written apart and renamed, so that whoever loads it meanwhile sees a whole file.
  const unfinished = `${file}.${process.pid}.tmp`;
  const entry = join(assembly, 'index.ts');
  const result = spawnSync(process.execPath, [compiler, entry, ...common, ...options, '--outFile', unfinished], {
    cwd: root,
    encoding: 'utf8',
  });
  if (result.status !== 0) {
    throw new Error(`the kernels do not compile\n${result.stdout}${result.stderr}${result.error ?? ''}`);
  }
  renameSync(unfinished, file);
}

/** Also vitest's global setup: unit tests work after a clean clone. */
export function setup() {
  const newest = newestSource();
  for (const build of builds) {
    if (!existsSync(build.file) || statSync(build.file).mtimeMs < newest) compile(build);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup();
