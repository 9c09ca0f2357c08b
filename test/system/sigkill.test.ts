import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/ml/random.ts';
import { createSender } from './acknowledged.ts';
import { cleanUp, eventually, freePort, startVigia, temporaryFolder } from './vigia.ts';

const ROUNDS = 10;

describe('SIGKILL', () => {
  afterAll(cleanUp);

  it('loses nothing acknowledged, repeats nothing, alerts nothing twice, ten times over', async () => {
    const random = createRandom(20261122);
    const folder = temporaryFolder();
    const port = await freePort();
    const config = { step: '1s', collect: { host: { enabled: false } }, detect: { warmUp: 20 } };
    const sender = createSender('host/killed');

    for (let round = 0; round < ROUNDS; round++) {
      const vigia = await startVigia({ folder, port, config });
      const killed = new AbortController();
      const posting = sender.send(vigia, killed.signal);
      await delay(300 + random.next() * 1500);
      await vigia.stop('SIGKILL');
      killed.abort();
      await posting;
    }
    expect(sender.acknowledged.size).toBeGreaterThan(ROUNDS);

    const vigia = await startVigia({ folder, port, config });
    // Where posts take their time, what there is to be seen has not been sent yet.
    const enough = new AbortController();
    const posting = sender.send(vigia, enough.signal);
    await eventually('the jump is sent', 240_000, async () => sender.jumped());
    enough.abort();
    await posting;
    // What was acknowledged is there at once, without anything more to do.
    await sender.check(vigia, { storedMs: 0, seenMs: 60_000 });
    await vigia.stop();
  }, 600_000);
});
