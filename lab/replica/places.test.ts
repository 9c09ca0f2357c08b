import { expect, it } from 'vitest';
import { NoPlaceError, Places } from './places.ts';

const limits = { places: 2, queue: 1, waitMs: 20 };

it('gives places in order of arrival and turns away who finds the queue full', async () => {
  // Nobody gives up here, however busy the machine is.
  const places = new Places({ ...limits, waitMs: 60_000 });
  const giveBack = await places.take();
  await places.take();
  const third = places.take();
  await expect(places.take()).rejects.toThrow(NoPlaceError);
  giveBack();
  // Giving back twice is giving back once.
  giveBack();
  await third;
  expect(places.taken).toBe(2);
});

it('lets nobody wait longer than said, and forgets who gave up', async () => {
  const places = new Places(limits);
  const giveBack = await places.take();
  await places.take();
  await expect(places.take()).rejects.toThrow(NoPlaceError);
  giveBack();
  expect(places.taken).toBe(1);
});

it('what is leaked is gone', async () => {
  const places = new Places(limits);
  expect([places.leak(), places.leak(), places.leak()]).toEqual([true, true, false]);
  expect([places.heldFor(2000, Date.now()), places.heldFor(2000, Date.now() + 5000)]).toEqual([0, 2]);
  await expect(places.take()).rejects.toThrow(NoPlaceError);
});
