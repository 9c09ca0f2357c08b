import { expect, it } from 'vitest';
import { NoPlaceError, Places } from './places.ts';

const limits = { places: 2, queue: 1, waitMs: 20 };

it('gives places in order of arrival and turns away who finds the queue full', async () => {
  const places = new Places(limits);
  await places.take();
  await places.take();
  const third = places.take();
  await expect(places.take()).rejects.toThrow(NoPlaceError);
  places.give();
  await third;
  expect(places.taken).toBe(2);
});

it('lets nobody wait longer than said, and forgets who gave up', async () => {
  const places = new Places(limits);
  await places.take();
  await places.take();
  await expect(places.take()).rejects.toThrow(NoPlaceError);
  places.give();
  expect(places.taken).toBe(1);
});

it('what is leaked is gone', async () => {
  const places = new Places(limits);
  expect([places.leak(), places.leak(), places.leak()]).toEqual([true, true, false]);
  await expect(places.take()).rejects.toThrow(NoPlaceError);
});
