// Builds everything that `node dist/main.js` needs: the numeric kernels, the server and the dashboard.
// Plain JavaScript on purpose: it runs before anything has been compiled.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, copyFileSync, cpSync, chmodSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const bin = (name) => join(root, 'node_modules', '.bin', name);

/** Runs one step and ends the build with its output when it fails. */
function step(label, command, args) {
  const started = Date.now();
  process.stdout.write(`  ${label} …`);
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.status !== 0) {
    process.stdout.write(` failed\n${result.stdout ?? ''}${result.stderr ?? ''}${result.error ?? ''}\n`);
    process.exit(1);
  }
  process.stdout.write(` ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

const kernels = join(root, 'src/ml/kernels/assembly');
const wasmFolder = join(root, 'dist/ml/kernels');
if (existsSync(kernels)) {
  step('kernels  ', process.execPath, [join(root, 'scripts/build-kernels.mjs')]);
  mkdirSync(wasmFolder, { recursive: true });
  for (const file of readdirSync(join(root, 'src/ml/kernels')).filter((name) => name.endsWith('.wasm'))) {
    copyFileSync(join(root, 'src/ml/kernels', file), join(wasmFolder, file));
  }
}
step('server   ', bin('tsc'), ['-p', 'tsconfig.build.json']);
chmodSync(join(root, 'dist/main.js'), 0o755);
step('lab      ', bin('tsc'), ['-p', 'lab/tsconfig.json']);
cpSync(join(root, 'lab/scenarios'), join(root, 'dist/lab/scenarios'), { recursive: true });
copyFileSync(join(root, 'lab/policy.gz'), join(root, 'dist/lab/policy.gz'));
step('database ', process.execPath, [join(root, 'dist/store/make-prepared-folder.js')]);
if (existsSync(join(root, 'dashboard/vite.config.ts'))) {
  step('dashboard', bin('vite'), ['build', 'dashboard', '--config', 'dashboard/vite.config.ts', '--logLevel', 'warn']);
}
