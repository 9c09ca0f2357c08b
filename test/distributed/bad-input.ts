import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { expect, it } from 'vitest';
import { createKafkaBus } from '../../src/bus/kafka-bus.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openPostgresDatabase } from '../../src/store/postgres-database.ts';
import type { PostgresServer } from '../system/postgres.ts';
import { runVigia, temporaryFolder } from '../system/vigia.ts';
import type { Cluster } from './kafka-cluster.ts';

/** A user of the cluster; the cluster must have been started with it. */
export const USER = { name: 'vigia', password: 'open-sesame' } as const;

interface Case {
  /** What is set beside a store and brokers that are there. */
  readonly store?: object;
  readonly kafka?: object;
  /** The one line that it ends with. */
  readonly says: RegExp;
}

/** A process that cannot do its work ends with 1 and one line that names the cure, after waiting where that can help. */
export function checkBadInput(within: () => { readonly cluster: Cluster; readonly server: PostgresServer }): void {
  it('end with one line that says what is wrong: brokers, passwords, partitions, copies, rights and schemas', async () => {
    const { cluster, server } = within();
    const urlOf = (name: string, user = 'vigia'): string => {
      const url = new URL(server.url);
      [url.pathname, url.username] = [`/${name}`, user];
      return url.href;
    };
    const admin = new pg.Client({ connectionString: server.url });
    await admin.connect();
    for (const text of ['create database tomorrow', 'create database empty', 'create role guest login'])
      await admin.query(text);
    await admin.end();
    const tomorrow = openPostgresDatabase({ url: urlOf('tomorrow'), clock: systemClock });
    await migrate(tomorrow, { place: 'test', now: 0 });
    await tomorrow.close();
    const later = new pg.Client({ connectionString: urlOf('tomorrow') });
    await later.connect();
    await later.query(
      'update schema_migrations set version = 9000 where version = (select max(version) from schema_migrations)',
    );
    await later.end();

    // Topics that somebody has made with fewer partitions than are asked for.
    const narrow = createKafkaBus(
      {
        brokers: cluster.addresses,
        clientId: 'narrow',
        prefix: 'narrow.',
        topicDefaults: { partitions: 6, replication: 1, retentionMs: 3_600_000 },
      },
      { clock: systemClock, log: silentLog, metrics: createMetrics(), deadLetters: async () => undefined },
    );
    await narrow.start();
    await narrow.stop(0);

    const folder = temporaryFolder();
    writeFileSync(join(folder, 'ca.pem'), cluster.certificate);
    const [{ secureAddress }] = cluster.brokers as [Cluster['brokers'][number]];
    const sasl = { mechanism: 'scram-sha-512', username: USER.name, password: '${env:WRONG}' };
    const cases: readonly Case[] = [
      { kafka: { brokers: ['127.0.0.1:1'] }, says: /^BUS_UNAVAILABLE: .*127\.0\.0\.1:1/ },
      { kafka: { brokers: [secureAddress], tls: { ca: 'ca.pem' }, sasl }, says: /^BUS_REFUSED: .*bus\.kafka\.sasl/ },
      { kafka: { prefix: 'narrow.', partitions: 12 }, says: /^BUS_PARTITIONS: .*6.*12/ },
      { kafka: { prefix: 'copies.', replication: 3 }, says: /^BUS_REPLICATION: / },
      { store: { url: urlOf('nowhere') }, says: /^STORE_REFUSED: / },
      { store: { url: urlOf('empty', 'guest') }, says: /^STORE_OLDER: / },
      { store: { url: urlOf('tomorrow') }, says: /^STORE_NEWER: .*9000/ },
    ];
    const main = process.env['VIGIA_TEST_MAIN'];
    for (const { store = {}, kafka = {}, says } of cases) {
      const config = {
        log: { level: 'silent' },
        metrics: { port: 0 },
        store: { url: server.url, ...store },
        bus: { kafka: { brokers: cluster.addresses, partitions: 6, connect: '1s', ...kafka } },
      };
      const options = { config, folder, env: { WRONG: 'not this one' }, ...(main !== undefined && { main }) };
      const { code, output } = await runVigia(['run', '--stages', 'detect'], options);
      const lines = output.trim().split('\n');
      expect(lines, says.source).toHaveLength(1);
      expect(lines[0]).toMatch(says);
      expect(code, lines[0]).toBe(1);
    }
  });
}
