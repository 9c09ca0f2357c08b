import type { ExecutionRequest, ExecutionResult, Executor } from '../../model/executor.ts';
import { KUBERNETES_OPERATIONS, type KubernetesArguments } from '../../model/kubernetes-arguments.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError, VigiaError } from '../../runtime/errors.ts';
import type { KubernetesClient } from '../../runtime/kubernetes/kubernetes-client.ts';
import { unanswered } from './cut-off.ts';
import { Hands, Refusal } from './kubernetes-hands.ts';
import { cordon, deletePod, drain } from './kubernetes-nodes.ts';
import { restart, rollback, scale } from './kubernetes-workloads.ts';
import { MAX_OUTPUT, OutputTail } from './output-tail.ts';
import { createSecrets, type RevealSecret, type Secrets } from './secrets.ts';

export interface KubernetesExecutorDeps {
  readonly clock: Clock;
  readonly secret: RevealSecret;
  /** Of the cluster that is acted upon. */
  readonly client: KubernetesClient;
}

type Failure = NonNullable<ExecutionResult['error']>;

/** What the catalogue says, checked when it was loaded; placeholders may have put anything into its texts. */
const argumentsOf = ({ args }: ExecutionRequest): KubernetesArguments | null =>
  KUBERNETES_OPERATIONS.some((name) => name === args['do']) ? (args as unknown as KubernetesArguments) : null;

function revealed(args: KubernetesArguments, secrets: Secrets): KubernetesArguments {
  const entries = Object.entries(args).map(([name, value]) => [
    name,
    typeof value === 'string' ? secrets.reveal(value) : value,
  ]);
  return Object.fromEntries(entries) as KubernetesArguments;
}

function carryOut(hands: Hands, args: KubernetesArguments): Promise<void> {
  switch (args.do) {
    case 'restart':
      return restart(hands, args);
    case 'scale':
      return scale(hands, args);
    case 'rollback':
      return rollback(hands, args);
    case 'cordon':
      return cordon(hands, args);
    case 'uncordon':
      return cordon(hands, args, false);
    case 'drain':
      return drain(hands, args);
    case 'deletePod':
    default:
      return deletePod(hands, args);
  }
}

/** What is done to what, and how, in one line: `restart kind=deployment namespace=shop name=web`. */
function planOf(request: ExecutionRequest): string {
  const { do: operation, ...rest } = request.args;
  const details = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
  return [String(operation), ...details].join(' ');
}

/**
 * Acts on a Kubernetes cluster: `args.do` is one of restart, scale, rollback, cordon, uncordon, drain and deletePod, with the
 * arguments of `model/kubernetes-arguments.ts`. With `dryRun` the API server checks each change and makes none. Changes
 * carry the key of their run in an annotation, so that a repeat is known also after a restart of Vigía.
 */
export function createKubernetesExecutor({ clock, secret, client }: KubernetesExecutorDeps): Executor {
  return {
    kind: 'kubernetes',
    plan: (request) => [planOf(request)],
    async execute(request, signal) {
      const secrets = createSecrets(secret);
      const tail = new OutputTail(MAX_OUTPUT);
      const done = new AbortController();
      const late = new AbortController();
      const timer = clock
        .sleep(request.timeoutMs, done.signal)
        .then(() => late.abort())
        .catch(() => undefined);
      const ended = (error: Failure | null): ExecutionResult => ({
        status: error === null ? 'succeeded' : 'failed',
        exitCode: null,
        output: tail.text(),
        error,
      });
      request.follow?.(() => tail.text());
      try {
        if (signal.aborted) return ended({ code: 'EXECUTOR_STOPPED', values: {} });
        const args = argumentsOf(request);
        if (args === null) return ended({ code: 'EXECUTOR_MISSING', values: { command: String(request.args['do']) } });
        const hands = new Hands({
          client,
          clock,
          key: request.key,
          signal: AbortSignal.any([signal, late.signal]),
          dryRun: args.dryRun === true,
          say: (line) => tail.push(Buffer.from(secrets.redact(`${line}\n`))),
        });
        await carryOut(hands, revealed(args, secrets));
        return ended(null);
      } catch (thrown) {
        return ended(failureOf(thrown, { request, stopped: signal.aborted, late: late.signal.aborted, secrets }));
      } finally {
        done.abort();
        await timer;
      }
    },
  };
}

interface Circumstances {
  readonly request: ExecutionRequest;
  readonly stopped: boolean;
  readonly late: boolean;
  readonly secrets: Secrets;
}

function failureOf(thrown: unknown, { request, stopped, late, secrets }: Circumstances): Failure {
  if (stopped) return { code: 'EXECUTOR_STOPPED', values: {} };
  if (thrown instanceof Refusal) {
    const seconds = request.timeoutMs / 1000;
    const values = Object.entries({ ...thrown.values, seconds }).map(([name, value]) => [
      name,
      typeof value === 'string' ? secrets.redact(value) : value,
    ]);
    return { code: thrown.code, values: Object.fromEntries(values) as Failure['values'] };
  }
  if (late) return { code: 'EXECUTOR_UNFINISHED', values: { target: 'Kubernetes', seconds: request.timeoutMs / 1000 } };
  const detail = thrown instanceof VigiaError ? String(thrown.values['detail']) : toError(thrown).message;
  return { code: unanswered(detail), values: { target: 'Kubernetes', detail: secrets.redact(detail) } };
}
