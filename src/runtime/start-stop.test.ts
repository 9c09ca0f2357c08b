import { describe, expect, it } from 'vitest';
import type { Service } from '../model/service.ts';
import { silentLog } from './log.ts';
import { inOrder } from './start-stop.ts';

function service(
  name: string,
  heard: string[],
  fails: { readonly start?: boolean; readonly stop?: boolean } = {},
): Service {
  const say = async (verb: string, fail: boolean): Promise<void> => {
    heard.push(`${verb} ${name}`);
    if (fail) throw new Error(`${verb} ${name}`);
  };
  return { name, start: () => say('start', fails.start ?? false), stop: () => say('stop', fails.stop ?? false) };
}

describe('services in order', () => {
  it('start in order and stop in reverse, once', async () => {
    const heard: string[] = [];
    const all = inOrder('all', [service('a', heard), service('b', heard)], silentLog);
    await all.start();
    await all.stop();
    await all.stop();
    expect(heard).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('a half start is rolled back and the cause is told', async () => {
    const heard: string[] = [];
    const all = inOrder(
      'all',
      [service('a', heard), service('b', heard, { start: true }), service('c', heard)],
      silentLog,
    );
    await expect(all.start()).rejects.toThrow('start b');
    expect(heard).toEqual(['start a', 'start b', 'stop a']);
  });

  it('one that fails to stop does not keep the others from it', async () => {
    const heard: string[] = [];
    const all = inOrder('all', [service('a', heard), service('b', heard, { stop: true })], silentLog);
    await all.start();
    await all.stop();
    expect(heard.at(-1)).toBe('stop a');
  });
});
