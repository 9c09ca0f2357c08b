import { request as httpRequest } from 'node:http';
import type { ExecutionResult, Executor } from '../../model/executor.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import { unanswered } from './cut-off.ts';
import { lastPart, MAX_OUTPUT, OutputTail } from './output-tail.ts';
import { createSecrets, type RevealSecret } from './secrets.ts';

export interface DockerExecutorDeps {
  readonly clock: Clock;
  readonly secret: RevealSecret;
  /** Unix socket of the engine; podman's compatible one does as well. */
  readonly socket: string;
}

/** Engine API of Docker 20.10, which podman 4 speaks too. */
const API = '/v1.41';
/** Seconds that a container is given to stop before it is killed; the engine's own default. */
const GRACE_S = 10;

const failed = (code: string, values: Record<string, string | number>, output = ''): ExecutionResult => ({
  status: 'failed',
  exitCode: null,
  output,
  error: { code, values },
});

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly cut: boolean;
}

/** Rejects when the answer is cut off: what is half said was not said. */
const post = (socketPath: string, path: string, signal: AbortSignal): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const sent = httpRequest({ socketPath, path, method: 'POST', signal, agent: false }, (response) => {
      const tail = new OutputTail(MAX_OUTPUT);
      response.on('data', (chunk: Buffer) => tail.push(chunk));
      response.on('error', reject);
      response.on('aborted', () => reject(new Error('ECONNRESET')));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: tail.text(), cut: tail.cut }));
    });
    sent.on('error', reject);
    sent.end();
  });

/** Restarts a container over the engine's socket: `args.container` (name or id), `args.graceSeconds`. */
export function createDockerExecutor({ clock, secret, socket }: DockerExecutorDeps): Executor {
  const pathOf = (args: Readonly<Record<string, unknown>>, container: string): string =>
    `${API}/containers/${encodeURIComponent(container)}/restart?t=${Number(args['graceSeconds'] ?? GRACE_S)}`;
  const nameOf = (args: Readonly<Record<string, unknown>>): string =>
    typeof args['container'] === 'string' ? args['container'] : '';
  return {
    kind: 'docker',
    plan: ({ args }) => [`restart container ${nameOf(args)}`, `unix ${socket}`],
    async execute({ args, timeoutMs }, signal) {
      const secrets = createSecrets(secret);
      const done = new AbortController();
      const late = new AbortController();
      const timer = clock
        .sleep(timeoutMs, done.signal)
        .then(() => late.abort())
        .catch(() => undefined);
      try {
        if (signal.aborted) return failed('EXECUTOR_STOPPED', {});
        const path = pathOf(args, secrets.reveal(nameOf(args)));
        const { status, text, cut } = await post(socket, path, AbortSignal.any([signal, late.signal]));
        const output = lastPart(`${status}\n${secrets.redactPiece(text, { before: cut, after: false })}`);
        if (status >= 200 && status < 300) return { status: 'succeeded', exitCode: null, output, error: null };
        if (status === 404) return failed('EXECUTOR_MISSING', { command: nameOf(args) }, output);
        return failed('EXECUTOR_REFUSED', { target: socket, status }, output);
      } catch (thrown) {
        if (late.signal.aborted) return failed('EXECUTOR_UNFINISHED', { target: socket, seconds: timeoutMs / 1000 });
        if (signal.aborted) return failed('EXECUTOR_STOPPED', {});
        const { code, message } = toError(thrown) as NodeJS.ErrnoException;
        const cause = code ?? message;
        return failed(unanswered(cause), { target: socket, detail: secrets.redact(cause) });
      } finally {
        done.abort();
        await timer;
      }
    },
  };
}
