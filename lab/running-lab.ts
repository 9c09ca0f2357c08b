import { type AdminApi, startAdminApi } from './supervisor/admin-api.ts';
import { type LoadProcess, startLoad } from './load/load-process.ts';
import type { Second } from './messages.ts';
import { injectFault } from './supervisor/inject.ts';
import { type LabEvent, Supervisor } from './supervisor/supervisor.ts';
import type { FaultPlan } from './world.ts';

export interface RunningLab {
  readonly supervisor: Supervisor;
  readonly api: AdminApi;
  /** Lets a fault grow until the function it gives is called. */
  inject(plan: FaultPlan): { stop(): void };
  /** Second of the users' clock at a time, Unix ms. */
  secondAt(time: number): number;
  stop(): Promise<void>;
}

export interface LabDeps {
  readonly root: string;
  readonly seed: number;
  readonly onSecond: (second: Second) => void;
  readonly onEvent: (event: LabEvent) => void;
}

/** Starts all processes of the lab; they are gone when `stop` resolves. */
export async function startLab({ root, seed, onSecond, onEvent }: LabDeps): Promise<RunningLab> {
  // Users come when there is somebody to serve them.
  let load: LoadProcess | null = null;
  const supervisor = new Supervisor({ root, onEvent, onEndpoints: (endpoints) => load?.endpoints(endpoints) });
  const stopAll = async (): Promise<void> => {
    load?.stop();
    await supervisor.stop();
  };
  try {
    await supervisor.start();
    const began = Date.now();
    load = startLoad({ seed, began, onSecond });
    load.endpoints(supervisor.endpoints());
    const api = await startAdminApi(supervisor);
    return {
      supervisor,
      api,
      inject: (plan) => injectFault(plan, { supervisor, surge: (rate) => load?.surge(rate) }),
      secondAt: (time) => Math.floor((time - began) / 1000),
      stop: async () => {
        await api.stop();
        await stopAll();
      },
    };
  } catch (thrown) {
    await stopAll();
    throw thrown;
  }
}
