import { matchesPattern } from '../../model/action-definition.ts';
import type { ExecutionRequest, Executor } from '../../model/executor.ts';
import { type CommandExecutorDeps, createCommandExecutor } from './command-executor.ts';

export interface SystemdExecutorDeps extends CommandExecutorDeps {
  /** Units that may be restarted, `*` for anything; whatever the catalogue and labels say, no other is. */
  readonly units: readonly string[];
  /** Found by PATH when left out. */
  readonly systemctl?: string;
}

/** `systemctl` ends with it when there is no such unit (LSB: program is not installed). */
const NOT_INSTALLED = 5;

/** Restarts a unit: `args.unit`, and `args.user` for one of the user's own manager. */
export function createSystemdExecutor({ units, systemctl = 'systemctl', ...deps }: SystemdExecutorDeps): Executor {
  const command = createCommandExecutor(deps);
  const asCommand = (request: ExecutionRequest): ExecutionRequest => {
    const { unit, user } = request.args;
    const scope = user === true ? ['--user'] : [];
    return { ...request, args: { argv: [systemctl, ...scope, '--no-ask-password', 'restart', '--', String(unit)] } };
  };
  return {
    kind: 'systemd',
    plan: (request) => command.plan(asCommand(request)),
    async execute(request, signal) {
      const unit = typeof request.args['unit'] === 'string' ? request.args['unit'] : '';
      if (!units.some((pattern) => matchesPattern(pattern, unit))) {
        const error = { code: 'EXECUTOR_UNSTARTABLE', values: { command: unit, detail: 'act.systemd.units' } };
        return { status: 'failed', exitCode: null, output: '', error };
      }
      const result = await command.execute(asCommand(request), signal);
      if (result.exitCode !== NOT_INSTALLED) return result;
      return { ...result, error: { code: 'EXECUTOR_MISSING', values: { command: unit } } };
    },
  };
}
