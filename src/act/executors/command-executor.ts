import { type ChildProcess, spawn } from 'node:child_process';
import type { ExecutionRequest, ExecutionResult, Executor } from '../../model/executor.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import {
  type CommandBounds,
  type Identity,
  identityOf,
  isAllowed,
  isMissing,
  limited,
  mayBecome,
  UNBOUNDED,
} from './command-bounds.ts';
import { lastPart, MAX_OUTPUT, OutputTail } from './output-tail.ts';
import { endTree, RUN_VARIABLE } from './process-tree.ts';
import { createSecrets, type RevealSecret, type Secrets } from './secrets.ts';

export interface CommandExecutorDeps {
  readonly clock: Clock;
  readonly secret: RevealSecret;
  /** Where PATH, HOME and the like are taken from; nothing else of it reaches a command. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** None when left out: only for what is not a catalogue's. */
  readonly bounds?: CommandBounds;
}

interface Command {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
}

type End =
  | { readonly how: 'exit'; readonly code: number | null; readonly signal: string | null }
  | { readonly how: 'error'; readonly error: NodeJS.ErrnoException }
  | { readonly how: 'timeout' | 'stopped' };

/** What programs need to run at all. Vigía's own environment holds secrets that are none of a command's business. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'] as const;
/** How long output is waited for after the command has ended: what it left behind may hold its pipes for ever. */
const DRAIN_MS = 300;

function commandOf(args: Readonly<Record<string, unknown>>): Command {
  const { argv, env = {}, cwd } = args;
  return {
    argv: Array.isArray(argv) ? argv.map(String) : [],
    env: Object.fromEntries(Object.entries(env as object).map(([name, value]) => [name, String(value)])),
    cwd: typeof cwd === 'string' ? cwd : undefined,
  };
}

/** As a person would type it, so that it can be read; it never passes through a shell. */
const quoted = (part: string): string =>
  /^[\w@%+=:,./${}-]+$/.test(part) ? part : `'${part.replaceAll("'", "'\\''")}'`;

const failed = (code: string, values: Record<string, string | number>, output = ''): ExecutionResult => ({
  status: 'failed',
  exitCode: null,
  output,
  error: { code, values },
});

function resultOf(end: End, command: Command, output: string, timeoutMs: number): ExecutionResult {
  const name = command.argv[0] ?? '';
  switch (end.how) {
    case 'timeout':
      return failed('EXECUTOR_TIMEOUT', { seconds: timeoutMs / 1000 }, output);
    case 'stopped':
      return failed('EXECUTOR_STOPPED', {}, output);
    case 'error':
      if (end.error.code === 'ENOENT') return failed('EXECUTOR_MISSING', { command: name }, output);
      return failed('EXECUTOR_UNSTARTABLE', { command: name, detail: end.error.code ?? end.error.message }, output);
    case 'exit': {
      if (isMissing(end.code, output)) return failed('EXECUTOR_MISSING', { command: name });
      if (end.code === 0) return { status: 'succeeded', exitCode: 0, output, error: null };
      const code = end.code ?? end.signal ?? 'unknown';
      return { status: 'failed', exitCode: end.code, output, error: { code: 'EXECUTOR_FAILED', values: { code } } };
    }
    default:
      return end satisfies never;
  }
}

const endOf = (child: ChildProcess): Promise<End> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve({ how: 'error', error }));
    child.once('exit', (code, signal) => resolve({ how: 'exit', code, signal }));
  });

const closeOf = (child: ChildProcess): Promise<void> => new Promise((resolve) => child.once('close', () => resolve()));

interface Start {
  readonly bare: Readonly<Record<string, string>>;
  readonly key: string;
  readonly bounds: CommandBounds;
  /** Whom it runs as; null is ourselves. */
  readonly who: Identity | null;
}

/** Why a command may not be run at all, in the words of the setting; null when it may. */
function refusalOf(command: Command, bounds: CommandBounds): ExecutionResult | null {
  const [program = ''] = command.argv;
  const refuse = (detail: string): ExecutionResult => failed('EXECUTOR_UNSTARTABLE', { command: program, detail });
  if (!isAllowed(program, bounds)) return refuse('act.command.programs');
  if (bounds.user === null) return null;
  const who = identityOf(bounds.user);
  if (who === null) return refuse(`act.command.user: ${bounds.user}?`);
  return mayBecome(who, process.getuid?.()) ? null : refuse(`act.command.user: ${bounds.user} (only root may)`);
}

function start(command: Command, secrets: Secrets, { bare, key, bounds, who }: Start): ChildProcess {
  const [program = '', ...rest] = limited(
    command.argv.map((part) => secrets.reveal(part)),
    bounds,
  );
  const own = Object.entries(command.env).map(([name, value]) => [name, secrets.reveal(value)]);
  return spawn(program, rest, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...bare,
      ...who?.environment,
      ...Object.fromEntries(own),
      [RUN_VARIABLE]: key,
    },
    ...(who !== null && { uid: who.uid, gid: who.gid }),
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
  });
}

/** Waits for the end of the child, or ends it and all its kin when the time is over or it is told to stop. */
async function supervise(
  child: ChildProcess,
  { key, timeoutMs }: ExecutionRequest,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<End> {
  const done = new AbortController();
  const over = clock
    .sleep(timeoutMs, AbortSignal.any([signal, done.signal]))
    .then((): End => ({ how: 'timeout' }))
    .catch((): End => ({ how: 'stopped' }));
  const end = await Promise.race([endOf(child), over]);
  done.abort();
  const overdue = end.how === 'timeout' || end.how === 'stopped';
  if (overdue && child.pid !== undefined) await endTree(child.pid, key, clock);
  return end;
}

function planOf({ argv, env, cwd }: Command): readonly string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [argv.map(quoted).join(' '), ...variables, ...(cwd === undefined ? [] : [`cwd ${cwd}`])];
}

/**
 * Runs a program: `args.argv` (program and arguments, never a shell), `args.env` (added to a bare environment) and
 * `args.cwd`. The process has a group of its own; on timeout or stop everything that it started is ended.
 */
export function createCommandExecutor(deps: CommandExecutorDeps): Executor {
  const { clock, secret, environment, bounds = UNBOUNDED } = deps;
  const bare = Object.fromEntries(
    PASSED_ON.map((name) => [name, environment[name] ?? '']).filter(([, value]) => value !== ''),
  ) as Record<string, string>;

  return {
    kind: 'command',
    plan: ({ args }) => planOf(commandOf(args)),
    async execute(request, signal) {
      const command = commandOf(request.args);
      const secrets = createSecrets(secret);
      if (signal.aborted) return failed('EXECUTOR_STOPPED', {});
      const refused = refusalOf(command, bounds);
      if (refused !== null) return refused;
      const who = bounds.user === null ? null : identityOf(bounds.user);
      let child: ChildProcess;
      try {
        child = start(command, secrets, { bare, key: request.key, bounds, who });
      } catch (thrown) {
        const detail = secrets.redact(toError(thrown).message);
        return failed('EXECUTOR_UNSTARTABLE', { command: command.argv[0] ?? '', detail });
      }
      const tail = new OutputTail(MAX_OUTPUT + secrets.longest());
      const printed = (after: boolean): string =>
        lastPart(secrets.redactPiece(tail.text(), { before: tail.cut, after }));
      child.stdout?.on('data', (chunk: Buffer) => tail.push(chunk));
      child.stderr?.on('data', (chunk: Buffer) => tail.push(chunk));
      request.follow?.(() => printed(true));
      const closed = closeOf(child);
      const end = await supervise(child, request, { clock, signal });
      await Promise.race([closed, clock.sleep(DRAIN_MS)]);
      child.stdout?.destroy();
      child.stderr?.destroy();
      return resultOf(end, command, printed(false), request.timeoutMs);
    },
  };
}
