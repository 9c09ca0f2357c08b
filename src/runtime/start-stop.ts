import type { Service } from '../model/service.ts';
import { toError } from './errors.ts';
import type { Log } from './log.ts';

/**
 * Many services as one: started in order, stopped in reverse. When one fails to start, those before it are stopped
 * and its error is thrown. A service that fails to stop is logged and does not keep the others from stopping.
 */
export function inOrder(name: string, services: readonly Service[], log: Log): Service {
  let started: Service[] = [];
  const stop = async (): Promise<void> => {
    const running = started;
    started = [];
    for (const service of running.toReversed()) {
      try {
        await service.stop();
        log.debug({ service: service.name }, 'stopped');
      } catch (thrown) {
        log.error({ service: service.name, err: toError(thrown).message }, 'could not be stopped in good order');
      }
    }
  };
  const start = async (): Promise<void> => {
    for (const service of services) {
      try {
        await service.start();
        started.push(service);
        log.debug({ service: service.name }, 'started');
      } catch (error) {
        await stop();
        throw error;
      }
    }
  };
  return { name, start, stop };
}
