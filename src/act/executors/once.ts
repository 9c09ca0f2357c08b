import type { ExecutionResult, Executor } from '../../model/executor.ts';

/** Executions remembered; a run is only ever asked for again right away. */
const MAX_KEYS = 1000;

/** The same key acts once: whoever repeats it is given what the first brought, also while that is still under way. */
export function onceByKey(executor: Executor): Executor {
  const known = new Map<string, Promise<ExecutionResult>>();
  return {
    kind: executor.kind,
    plan: (request) => executor.plan(request),
    execute(request, signal) {
      const before = known.get(request.key);
      if (before !== undefined) return before;
      const result = executor.execute(request, signal);
      known.set(request.key, result);
      if (known.size > MAX_KEYS) known.delete(known.keys().next().value ?? '');
      return result;
    },
  };
}
