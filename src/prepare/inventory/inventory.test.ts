import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type Entity, parseEntityId } from '../../model/entity.ts';
import type { Edge } from '../../model/topology.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { createStore } from '../../store/create-store.ts';
import { openMemoryDatabase } from '../../store/memory-database.ts';
import { Enrichment } from './enrichment.ts';
import { readInventory } from './read-inventory.ts';

const NOW = Date.UTC(2026, 4, 20);
const entity = (id: string, labels: Record<string, string> = {}): Entity => ({
  id,
  ...parseEntityId(id),
  fleet: 'default',
  labels,
  firstSeen: NOW,
  lastSeen: NOW,
});

describe('an inventory', () => {
  const entries = [
    { entity: 'host/web-1', labels: { team: 'shop', rack: '7' }, dependsOn: ['database/pg', 'service/mail'] },
    { entity: 'host/*', labels: { team: 'infra' }, dependsOn: [] },
  ];

  it.each([
    ['csv', 'entity,team,rack,depends_on\nhost/web-1,shop,7,database/pg;service/mail\nhost/*,infra,,\n'],
    [
      'yaml',
      '- {entity: host/web-1, team: shop, rack: 7, depends_on: [database/pg, service/mail]}\n- {entity: host/*, team: infra}\n',
    ],
    ['yaml', 'host/web-1: {team: shop, rack: 7, depends_on: database/pg service/mail}\nhost/*: {team: infra}\n'],
  ] as const)('is read from %s', (format, text) => {
    expect(readInventory(text, format)).toEqual(entries);
  });

  it.each([
    ['csv', 'team\nshop\n', /entry 1: .*no entity/],
    ['csv', 'entity,a b\nhost/a,1\n', /entry 1: "a b" is no name/],
    ['csv', 'entity,x,depends_on\nhost/a,1,host/*\n', /no entity to depend on/],
    ['yaml', '- 3\n', /no mapping/],
    ['yaml', '"text"', /neither a list nor a mapping/],
  ] as const)('says what is wrong with %s', (format, text, why) => {
    expect(() => readInventory(text, format)).toThrow(why);
  });

  it('is read or refused, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.constantFrom('csv', 'yaml'), (text, format) => {
        const outcome = ((): unknown => {
          try {
            return readInventory(text, format as 'csv').every(({ entity: id }) => id.includes('/'));
          } catch (thrown) {
            return thrown instanceof Error;
          }
        })();
        expect(outcome).toBe(true);
      }),
    );
  });
});

describe('enrichment', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-inventory-'));
  const file = join(folder, 'hosts.csv');
  const store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const enrichment = new Enrichment({ files: [file], store, clock: systemClock, log: silentLog });
  const labelsOf = (id: string, own: Record<string, string> = {}) => enrichment.entities([entity(id, own)])[0]?.labels;

  it('adds what inventories say, the particular before the general, and never against what an entity says itself', async () => {
    writeFileSync(file, 'entity,team,zone,depends_on\nhost/*,infra,,\nhost/web-1,shop,z1,database/pg\n');
    await enrichment.look();
    expect(labelsOf('host/web-1')).toEqual({ team: 'shop', zone: 'z1' });
    expect(labelsOf('host/web-2')).toEqual({ team: 'infra' });
    expect(labelsOf('host/web-1', { team: 'own' })).toEqual({ team: 'own', zone: 'z1' });
    const edges = await store.edges.list({ limit: 10, cursor: null, entity: 'host/web-1' });
    expect(edges.items).toMatchObject([{ from: 'host/web-1', to: 'database/pg', kind: 'calls' }]);
  });

  it('hands on where a host is to what runs on it', () => {
    const edge: Edge = {
      from: 'pod/shop/cart',
      to: 'host/web-1',
      kind: 'runs_on',
      source: 'labels',
      firstSeen: NOW,
      lastSeen: NOW,
    };
    enrichment.edges([edge]);
    expect(labelsOf('pod/shop/cart')).toEqual({ zone: 'z1' });
  });

  it('takes over changes, and keeps what it knew when the file is spoilt', async () => {
    writeFileSync(file, 'no,entity\n"');
    utimesSync(file, new Date(NOW), new Date(NOW));
    await enrichment.look();
    expect(labelsOf('host/web-1')).toMatchObject({ team: 'shop' });
    writeFileSync(file, 'entity,team\nhost/web-1,pay\n');
    utimesSync(file, new Date(NOW + 1000), new Date(NOW + 1000));
    await enrichment.look();
    expect(labelsOf('host/web-1')).toEqual({ team: 'pay' });
  });

  it('leaves entities alone that nobody says anything of', () => {
    const plain = entity('service/other', { job: 'x' });
    expect(enrichment.entities([plain])[0]).toBe(plain);
  });
});
