import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Tests and benchmarks run from the root of the project; the latter are compiled to another place. */
const root = process.cwd();
const TAG = 'vigia-test';
const NEEDED = ['podman', 'runc', 'debootstrap'] as const;

const found = (program: string): boolean =>
  ['/usr/bin', '/usr/sbin', '/bin', '/sbin'].some((folder) => existsSync(join(folder, program)));
const missing = NEEDED.filter((program) => !found(program));

/** Why no image can be built here; null when one can. */
export const podmanMissing: string | null =
  missing.length > 0
    ? `not installed: ${missing.join(', ')}`
    : process.getuid?.() === 0
      ? null
      : 'debootstrap needs to be root';

const run = promisify(execFile);

/** Runs podman; throws with what it printed when it fails. */
export async function podman(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('podman', args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

// No resource limit above those of this process may be asked for, and health checks need systemd, which tests have not.
const HERE = ['--runtime', 'runc', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024', '--no-healthcheck'];

/** Builds the image of the real Dockerfile from what is checked out here; the same sources build it once. */
export async function buildImage(): Promise<void> {
  await run(join(root, 'test/distributed/image/base-images.sh'), [join(root, 'node_modules/.cache/vigia-image')]);
  const options = ['--runtime', 'runc', '--network', 'host', '--format', 'docker', '--pull=never'];
  await podman('build', ...options, '-f', 'deploy/Dockerfile', '-t', TAG, '.');
}

/** MB of the files of the built image beside its base. */
export async function imageMegabytes(): Promise<number> {
  const sizes = await runOnce('/usr/bin/du', ['-sm', '/vigia', '/usr/local/bin']);
  return sizes.split('\n').reduce((sum, line) => sum + Number(line.split('\t')[0]), 0);
}

export interface ContainerOptions {
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Folders of this machine, each at a path of the container, read-only. */
  readonly mounts?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
}

export interface Container {
  /** Runs Node in it; resolves with what it prints. */
  node(script: string): Promise<string>;
  output(): Promise<string>;
  stop(): Promise<void>;
}

const running = new Set<string>();
process.once('exit', () => {
  if (running.size > 0) execFileSync('podman', ['rm', '-f', ...running], { stdio: 'ignore' });
});

/** Starts the image as deploy/compose.yaml does: read-only, without rights, with nothing to write to but its scratch. */
export async function startContainer({
  name,
  env = {},
  mounts = {},
  command = [],
}: ContainerOptions): Promise<Container> {
  const unique = `vigia-test-${process.pid}-${name}`;
  running.add(unique);
  const bare = ['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'all', '--security-opt', 'no-new-privileges'];
  const place = ['--name', unique, '--network', 'host'];
  await podman(
    ...['run', '--detach', ...place].concat(HERE, bare),
    ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
    ...Object.entries(mounts).flatMap(([from, to]) => ['--volume', `${from}:${to}:ro`]),
    TAG,
    ...command,
  );
  return {
    node: (script) => podman('exec', unique, '/usr/local/bin/node', '--input-type=module', '--eval', script),
    output: () => podman('logs', unique),
    stop: async () => {
      await podman('stop', '--time', '20', unique).catch(() => undefined);
      await podman('rm', '--force', unique);
      running.delete(unique);
    },
  };
}

/** Runs a program of the image once, as root; resolves with what it prints. */
export const runOnce = (program: string, args: readonly string[], mounts: readonly string[] = []): Promise<string> =>
  podman(
    ...['run', '--rm', '--network', 'none', '--user', 'root', '--entrypoint', program].concat(HERE),
    ...mounts.flatMap((mount) => ['--volume', mount]),
    TAG,
    ...args,
  );
