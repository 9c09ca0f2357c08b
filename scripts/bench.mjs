// Runs one benchmark: `node scripts/bench.mjs NAME [--json FILE] …`. Compiles bench/ and src/ beside each other first,
// so that a benchmark measures the same JavaScript that is shipped.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'node_modules/.cache/vigia-bench');
const [name, ...args] = process.argv.slice(2);
if (!name || !existsSync(join(root, 'bench', `${name}.ts`))) {
  const known = readdirSync(join(root, 'bench')).filter((file) => file.endsWith('.ts'));
  process.stderr.write(
    `There is no benchmark "${name ?? ''}". Known: ${known.map((file) => file.slice(0, -3)).join(', ')}.\n`,
  );
  process.exit(2);
}
const run = (command, parameters, options = {}) => {
  const { status } = spawnSync(command, parameters, { cwd: root, stdio: 'inherit', ...options });
  if (status !== 0) process.exit(status ?? 1);
};
run(process.execPath, ['scripts/setup.mjs', 'build']);
run(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.bench.json']);
const kernels = join(root, 'src/ml/kernels');
if (existsSync(kernels)) {
  mkdirSync(join(out, 'src/ml/kernels'), { recursive: true });
  for (const file of readdirSync(kernels).filter((file) => file.endsWith('.wasm'))) {
    copyFileSync(join(kernels, file), join(out, 'src/ml/kernels', file));
  }
}
run(process.execPath, ['--expose-gc', join(out, 'bench', `${name}.js`), ...args]);
