import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { checkExecutor } from '../check-executor.ts';
import { type CommandBounds, identityOf, mayBecome } from './command-bounds.ts';
import { createCommandExecutor } from './command-executor.ts';
import { onceByKey } from './once.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secret = 'hunter2-"quoted"';
const bare = createCommandExecutor({
  clock: systemClock,
  secret: (reference) => (reference === '${env:TOKEN}' ? secret : null),
  environment: { ...process.env, VIGIA_API_TOKEN: 'private' },
});

const executor = onceByKey(bare);

const script = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const worker = script(
  'work.mjs',
  `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(join(folder, 'acts'))}, 'x');`,
);
/** Every way to outlive a parent: a child, a grandchild in its own session, one that ignores SIGTERM. */
const hanger = script(
  'hang.mjs',
  `import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
const stay = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); require('fs').writeFileSync(process.argv[1], String(process.pid))";
const file = (name) => ${JSON.stringify(folder)} + '/pid-' + process.pid + name;
writeFileSync(file('-root'), String(process.pid));
spawn(process.execPath, ['-e', stay, file('-child')], { stdio: 'inherit' });
spawn(process.execPath, ['-e', stay, file('-apart')], { stdio: 'ignore', detached: true }).unref();
setInterval(() => {}, 1000);`,
);

const pids = (): number[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith('pid-'))
    .map((name) => Number(readFileSync(join(folder, name), 'utf8')));

const alive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

const node = process.execPath;
checkExecutor('command', () => ({
  executor,
  working: { argv: [node, worker] },
  acted: async () => {
    try {
      return readFileSync(join(folder, 'acts'), 'utf8').length;
    } catch {
      return 0;
    }
  },
  failing: { argv: [node, '-e', 'process.exit(3)'] },
  hanging: { argv: [node, hanger] },
  hangs: async () => {
    const before = pids().filter(alive).length;
    for (let i = 0; i < 400 && pids().filter(alive).length < before + 3; i++) await delay(25);
  },
  left: async () => pids().filter(alive).length,
  missing: { argv: ['/no/such/program'] },
  telling: {
    argv: [
      node,
      '-e',
      'console.log(process.argv[1]); console.error(JSON.stringify(process.env.TOKEN))',
      '${env:TOKEN}',
    ],
    env: { TOKEN: '${env:TOKEN}' },
  },
  secret,
  chatty: { argv: [node, '-e', "process.stdout.write('ab\\0é'.repeat(100000)); process.stdout.write('END')"] },
}));

const run = (argv: readonly string[], over: Record<string, unknown> = {}) =>
  bare.execute(
    { key: `run_test_${process.pid}`, entity: 'host/a', args: { argv, ...over }, timeoutMs: 20_000 },
    new AbortController().signal,
  );

test('passes arguments as they are: nothing is a shell', async () => {
  const { output } = await run([node, '-e', 'console.log(process.argv[1])', '$(id); `id` | rm -rf "x" &']);
  expect(output).toBe('$(id); `id` | rm -rf "x" &\n');
});

test('hands on no more of its own environment than a program needs', async () => {
  const { output } = await run([node, '-e', 'console.log(JSON.stringify(process.env))'], { env: { WISH: '1' } });
  const seen = JSON.parse(output) as Record<string, string>;
  expect(seen).toMatchObject({ WISH: '1', PATH: process.env['PATH'] });
  expect(seen['VIGIA_API_TOKEN']).toBeUndefined();
});

test('keeps the end of the output, both streams, and says the exit code', async () => {
  const result = await run([node, '-e', "console.log('out'); console.error('err'); process.exitCode = 7"]);
  expect(result).toMatchObject({ status: 'failed', exitCode: 7, error: { values: { code: 7 } } });
  expect(result.output.trim().split('\n').sort()).toEqual(['err', 'out']);
});

test('no part of a secret is left where the output is cut', async () => {
  // One character more than the secret, so that the bound falls into the middle of one.
  const much = "process.stdout.write((process.env.TOKEN + '.').repeat(20000))";
  const { output } = await run([node, '-e', much], { env: { TOKEN: '${env:TOKEN}' } });
  expect(output).toMatch(/^[*.]+$/);
});

test('tells what was printed so far while it goes on, and nothing of a secret that is half printed', async () => {
  const stop = new AbortController();
  const script_ =
    "const t = process.env.TOKEN; process.stdout.write('one ' + t + ' two ' + t.slice(0, 5)); setInterval(() => {}, 1000)";
  let soFar = (): string => '';
  const request = {
    key: `run_follow_${process.pid}`,
    entity: 'host/a',
    args: { argv: [node, '-e', script_], env: { TOKEN: '${env:TOKEN}' } },
    timeoutMs: 60_000,
    follow: (read: () => string) => void (soFar = read),
  };
  const running = bare.execute(request, stop.signal);
  for (let i = 0; i < 2000 && !soFar().includes('two'); i++) await delay(25);
  expect(soFar()).toBe('one *** two ');
  stop.abort();
  expect(await running).toMatchObject({ status: 'failed', error: { code: 'EXECUTOR_STOPPED' } });
});

test('says which command is missing, and which cannot be started', async () => {
  expect((await run(['no-such-program-here'])).error).toEqual({
    code: 'EXECUTOR_MISSING',
    values: { command: 'no-such-program-here' },
  });
  expect((await run([folder])).error).toMatchObject({ code: 'EXECUTOR_UNSTARTABLE' });
  expect((await run(['a\u0000b'])).error).toMatchObject({ code: 'EXECUTOR_UNSTARTABLE' });
  expect((await run([node, '${env:UNSET}'])).error).toMatchObject({ code: 'EXECUTOR_UNSTARTABLE' });
});

test('ends when the command does, though something it left behind holds its output', async () => {
  const left =
    "require('child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 15000)'], { stdio: 'inherit', detached: true }).unref(); console.log('done')";
  const result = await run([node, '-e', left]);
  expect(result).toMatchObject({ status: 'succeeded', output: 'done\n' });
});

describe('within bounds', () => {
  const bounded = (over: Partial<CommandBounds>) => {
    const within = createCommandExecutor({
      clock: systemClock,
      secret: () => null,
      environment: process.env,
      bounds: { programs: ['*'], user: null, memoryBytes: null, cpuMs: null, ...over },
    });
    return (argv: readonly string[]) =>
      within.execute(
        { key: `run_bounds_${process.pid}`, entity: 'host/a', args: { argv }, timeoutMs: 20_000 },
        new AbortController().signal,
      );
  };

  test('only programs of the list are run, and none that climbs out of its folder', async () => {
    const only = bounded({ programs: [node, `${folder}/*`] });
    expect((await only([node, '-e', '0'])).status).toBe('succeeded');
    for (const program of ['sh', '/bin/sh', `${folder}/../../bin/sh`, '']) {
      expect((await only([program, '-c', 'exit 0'])).error).toEqual({
        code: 'EXECUTOR_UNSTARTABLE',
        values: { command: program, detail: 'act.command.programs' },
      });
    }
  });

  test('as another user, or refused where Vigía may not become one', async () => {
    const { status, output, error } = await bounded({ user: 'nobody' })(['id', '-un']);
    expect([status, output, error?.values['detail'] ?? null]).toEqual(
      process.getuid?.() === 0
        ? ['succeeded', 'nobody\n', null]
        : ['failed', '', 'act.command.user: nobody (only root may)'],
    );
    expect((await bounded({ user: 'no-such-user' })(['id'])).error?.values['detail']).toBe(
      'act.command.user: no-such-user?',
    );
    const own = `${process.getuid?.()}:${process.getgid?.()}`;
    expect((await bounded({ user: own })(['id', '-u'])).output).toBe(`${process.getuid?.()}\n`);
  });

  test('memory and time on a processor end, and a missing program is still told apart', async () => {
    const small = bounded({ memoryBytes: 64 * 2 ** 20 });
    expect((await small(['true'])).status).toBe('succeeded');
    // Node sets gigabytes of addresses aside before it does anything.
    expect((await small([node, '-e', '0'])).status).toBe('failed');
    const quick = bounded({ cpuMs: 1000 });
    const busy = await quick([node, '-e', 'for (;;);']);
    expect(busy.error).toMatchObject({ code: 'EXECUTOR_FAILED', values: { code: 'SIGKILL' } });
    expect((await small(['/no/such/program'])).error?.code).toBe('EXECUTOR_MISSING');
  });
});

test('a user is a name of the list of users, or two numbers', () => {
  const passwd = (): string => 'root:x:0:0:root:/root:/bin/sh\nact:x:998:997::/srv/act:/usr/sbin/nologin\n';
  expect(identityOf('act', passwd)).toMatchObject({ uid: 998, gid: 997, environment: { HOME: '/srv/act' } });
  expect(identityOf('12:34', passwd)).toMatchObject({ uid: 12, gid: 34 });
  for (const wrong of ['ac', 'x', '12', '']) expect(identityOf(wrong, passwd)).toBeNull();
  expect([0, 998, 1].map((own) => mayBecome({ uid: 998, gid: 997, environment: {} }, own))).toEqual([
    true,
    true,
    false,
  ]);
});
