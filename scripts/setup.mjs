// What `npm start`, `npm test` and `npm run check` do first: everything that is needed and not yet done.
// Plain JavaScript on Node's own modules, because it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (text) => process.stdout.write(`${text}\n`);
const fail = (text) => {
  process.stderr.write(`${text}\n`);
  process.exit(1);
};

function checkNode() {
  const wanted = [20, 19, 4];
  const found = process.versions.node.split('.').map(Number);
  const difference = wanted.map((part, i) => found[i] - part).find((d) => d !== 0) ?? 0;
  if (difference < 0) fail(`Vigía needs Node ${wanted.join('.')} or newer; this is ${process.versions.node}.`);
}

/** Runs a command with its output shown; ends this process with the same code when it fails. */
function run(command, args, env = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (result.error) fail(`${command} could not be started: ${result.error.message}`);
  return result.status ?? 1;
}

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const hash = (text) => createHash('sha256').update(text).digest('hex');
const stampIs = (file, value) => existsSync(file) && readFileSync(file, 'utf8') === value;

/** Installs the dependencies of the lock file, unless they are what was installed last. */
function install() {
  const stamp = join(root, 'node_modules/.vigia-installed');
  const wanted = hash(readFileSync(join(root, 'package-lock.json')));
  if (stampIs(stamp, wanted)) return;
  say('Installing dependencies (once, about half a minute) …');
  // Not `npm ci`: that refuses a lock file without the binaries of every other platform, and a registry that does not
  // serve all of them writes such a lock file. This takes the same versions, checks the same hashes, and writes nothing.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  if (run(npm, args) !== 0)
    fail(
      'The dependencies could not be installed. Is the registry reachable? Try `npm install --no-save` to see more.',
    );
  writeFileSync(stamp, wanted);
}

/** Name, size and time of every file that the build reads. */
function fingerprint(folder) {
  const parts = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) parts.push(fingerprint(path));
    else if (!entry.name.endsWith('.wasm') && !entry.name.includes('.test.')) {
      const { size, mtimeMs } = statSync(join(root, path));
      parts.push(`${path} ${size} ${mtimeMs}`);
    }
  }
  return parts.join('\n');
}

/** Builds dist/, unless it was built from these very sources. */
function build() {
  const stamp = join(root, 'dist/.vigia-built');
  const wanted = hash(
    [
      fingerprint('src'),
      fingerprint('lab'),
      fingerprint('dashboard'),
      readFileSync(join(root, 'package-lock.json')),
      process.versions.node,
    ].join('\n'),
  );
  if (stampIs(stamp, wanted)) return;
  say('Building …');
  if (run(process.execPath, ['scripts/build.mjs']) !== 0) process.exit(1);
  writeFileSync(stamp, wanted);
}

const bin = (name) => join(root, 'node_modules/.bin', name);
/** @type {readonly (readonly [string, string, string[]])[]} */
const staticChecks = [
  ['types    ', bin('tsc'), ['-p', 'tsconfig.json']],
  ['dashboard', bin('tsc'), ['-p', 'dashboard/tsconfig.json']],
  ['lint     ', bin('oxlint'), ['--type-aware', '--deny-warnings']],
  ['format   ', bin('oxfmt'), ['--check', '.']],
  ['dead code', bin('knip'), []],
];

/** Every check that needs no running program. Returns the names of those that failed. */
function runStaticChecks() {
  const failed = [];
  for (const [label, command, args] of staticChecks) {
    const started = Date.now();
    const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    const ok = result.status === 0;
    say(`  ${label} ${ok ? 'ok' : 'FAILED'} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    if (!ok) {
      say(`${result.stdout ?? ''}${result.stderr ?? ''}`);
      failed.push(label.trim());
    }
  }
  return failed;
}

const vitest = (...projects) =>
  run(process.execPath, [
    'node_modules/vitest/vitest.mjs',
    'run',
    ...projects.flatMap((project) => ['--project', project]),
    '--reporter=default',
    '--reporter=./scripts/test-reporter.mjs',
  ]);

function kernels() {
  if (existsSync(join(root, 'scripts/build-kernels.mjs'))) {
    if (run(process.execPath, ['scripts/build-kernels.mjs']) !== 0) process.exit(1);
  }
}

const commands = {
  async start(args) {
    install();
    build();
    process.argv = [process.execPath, join(root, 'dist/main.js'), ...args];
    await import(pathToFileURL(join(root, 'dist/main.js')).href);
  },
  async test(args) {
    install();
    build();
    say('Static checks …');
    const failed = runStaticChecks();
    say('Tests: unit, then the built program, the dashboard in a browser, and many processes on Kafka …');
    const status = vitest('unit', 'system', 'browser', 'distributed', ...args);
    if (failed.length > 0) say(`Static checks failed: ${failed.join(', ')}.`);
    process.exit(failed.length > 0 ? 1 : status);
  },
  async build() {
    install();
    build();
  },
  async check() {
    install();
    kernels();
    const failed = runStaticChecks();
    const status = vitest('unit');
    process.exit(failed.length > 0 ? 1 : status);
  },
};

const [name = 'start', ...rest] = process.argv.slice(2);
checkNode();
process.chdir(root);
await (commands[name] ?? (() => fail(`Unknown step "${name}".`)))(rest);
