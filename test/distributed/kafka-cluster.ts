import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../system/vigia.ts';

/** Tests and benchmarks are started in the project's folder. */
const root = process.cwd();
const pom = join(root, 'test/distributed/kafka/pom.xml');

const runs = (command: string, ...args: string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** Why Kafka cannot be started here; null when it can. */
export const kafkaMissing: string | null = runs('java', '-version')
  ? runs('mvn', '--version')
    ? null
    : 'Maven is not installed: run `sudo apt-get install maven`'
  : 'Java 17 is not installed: run `sudo apt-get install openjdk-17-jre-headless`';

/** The folder of the broker's jars, fetched from Maven Central the first time. */
function kafkaJars(): string {
  const version = /<version>([\d.]+)<\/version>\s*<\/dependency>/.exec(readFileSync(pom, 'utf8'))?.[1] ?? '';
  const folder = join(root, 'node_modules/.cache/vigia-kafka', version);
  if (existsSync(folder)) return folder;
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  const goal = 'dependency:copy-dependencies';
  execFileSync('mvn', ['-q', '-B', '-f', pom, goal, '-DincludeScope=runtime', `-DoutputDirectory=${fresh}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  // Only a complete folder gets the name that is looked for.
  renameSync(fresh, folder);
  return folder;
}

export interface ClusterOptions {
  readonly brokers: number;
  /** MB of heap of each broker. */
  readonly heap?: number;
  /** The address that a broker tells its clients, for tests that put a proxy between. */
  readonly advertise?: (broker: number, port: number) => Promise<number>;
  /** Opens two more listeners, over TLS: one where this user signs in by SASL, PLAIN or SCRAM, one for the client's certificate. */
  readonly user?: { readonly name: string; readonly password: string };
}

export interface Broker {
  readonly id: number;
  readonly address: string;
  /** With TLS and SASL, when the cluster has a user. */
  readonly secureAddress: string;
  /** With TLS on both sides, when the cluster has a user. */
  readonly mutualAddress: string;
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface Cluster {
  /** Addresses of all brokers. */
  readonly addresses: readonly string[];
  readonly brokers: readonly Broker[];
  /** PEM of the certificate of the secure listeners. */
  readonly certificate: string;
  /** PEM of a client that the listener with certificates knows. */
  readonly client: { readonly cert: string; readonly key: string };
  stop(): Promise<void>;
}

const JVM = [
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Xshare:auto',
  '-Dlog4j2.level=WARN',
  '-Djava.awt.headless=true',
];

const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

const NO_KEYS = { store: '', trust: '', certificate: '', client: { cert: '', key: '' } };

/** Key pairs for 127.0.0.1 and for a client, in stores that Java reads, and as PEM. */
function createKeys(folder: string): typeof NO_KEYS {
  const run = (...args: string[]): string =>
    execFileSync('keytool', [...args, '-storetype', 'PKCS12', '-storepass', 'changeit'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  const make = (alias: string, ...extra: string[]): { readonly store: string; readonly certificate: string } => {
    const store = join(folder, `${alias}.p12`);
    const place = ['-keystore', store, '-alias', alias];
    run('-genkeypair', '-keyalg', 'EC', '-validity', '30', '-dname', `CN=${alias}`, ...extra, ...place);
    return { store, certificate: run('-exportcert', '-rfc', ...place) };
  };
  const broker = make('broker', '-ext', 'san=ip:127.0.0.1,dns:localhost');
  const client = make('client');
  const file = join(folder, 'client.pem');
  writeFileSync(file, client.certificate);
  const trust = join(folder, 'trust.p12');
  run('-importcert', '-noprompt', '-file', file, '-keystore', trust, '-alias', 'client');
  // Java gives no private keys away.
  const key = execFileSync(
    'openssl',
    ['pkcs12', '-in', client.store, '-nocerts', '-nodes', '-passin', 'pass:changeit'],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  return { store: broker.store, trust, certificate: broker.certificate, client: { cert: client.certificate, key } };
}

interface Plan {
  readonly id: number;
  readonly folder: string;
  readonly port: number;
  readonly securePort: number;
  readonly mutualPort: number;
  readonly advertised: number;
  readonly controller: number;
  /** Between brokers, which no proxy of a test cuts. */
  readonly internal: number;
}

const SCRAM = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

function securitySettings(user: NonNullable<ClusterOptions['user']>, { store, trust }: typeof NO_KEYS): string[] {
  const login = 'org.apache.kafka.common.security';
  const own = ['secure', 'mutual'].flatMap((listener) => [
    `listener.name.${listener}.ssl.keystore.type=PKCS12`,
    `listener.name.${listener}.ssl.keystore.location=${store}`,
    `listener.name.${listener}.ssl.keystore.password=changeit`,
  ]);
  return [
    `sasl.enabled.mechanisms=PLAIN,${SCRAM.join(',')}`,
    `listener.name.secure.plain.sasl.jaas.config=${login}.plain.PlainLoginModule required user_${user.name}="${user.password}";`,
    ...SCRAM.map(
      (name) => `listener.name.secure.${name.toLowerCase()}.sasl.jaas.config=${login}.scram.ScramLoginModule required;`,
    ),
    ...own,
    'listener.name.mutual.ssl.client.auth=required',
    'listener.name.mutual.ssl.truststore.type=PKCS12',
    `listener.name.mutual.ssl.truststore.location=${trust}`,
    'listener.name.mutual.ssl.truststore.password=changeit',
  ];
}

function settings(plan: Plan, plans: readonly Plan[], options: ClusterOptions, keys: typeof NO_KEYS): string {
  const { brokers, user } = options;
  const copies = Math.min(3, brokers);
  const secure =
    user === undefined ? '' : `,SECURE://127.0.0.1:${plan.securePort},MUTUAL://127.0.0.1:${plan.mutualPort}`;
  const lines = [
    'process.roles=broker,controller',
    `node.id=${plan.id}`,
    `controller.quorum.voters=${plans.map(({ id, controller }) => `${id}@127.0.0.1:${controller}`).join(',')}`,
    `listeners=PLAINTEXT://127.0.0.1:${plan.port},INTERNAL://127.0.0.1:${plan.internal}${secure},CONTROLLER://127.0.0.1:${plan.controller}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${plan.advertised},INTERNAL://127.0.0.1:${plan.internal}${secure}`,
    'inter.broker.listener.name=INTERNAL',
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL,MUTUAL:SSL',
    'controller.listener.names=CONTROLLER',
    `log.dirs=${join(plan.folder, 'log')}`,
    `offsets.topic.replication.factor=${copies}`,
    `transaction.state.log.replication.factor=${copies}`,
    'transaction.state.log.min.isr=1',
    'offsets.topic.num.partitions=4',
    'auto.create.topics.enable=false',
    // Small enough for a test, and quick where nobody waits for it.
    'group.initial.rebalance.delay.ms=300',
    'group.min.session.timeout.ms=1000',
    'broker.session.timeout.ms=6000',
    'num.network.threads=2',
    'num.io.threads=4',
    'num.recovery.threads.per.data.dir=1',
    'log.cleaner.dedupe.buffer.size=4194304',
    'log.cleaner.io.buffer.size=65536',
    'background.threads=2',
    'log.segment.bytes=67108864',
    'log.index.size.max.bytes=262144',
  ];
  if (user !== undefined) lines.push(...securitySettings(user, keys));
  return `${lines.join('\n')}\n`;
}

async function listening(port: number, child: ChildProcess, log: string): Promise<void> {
  const limit = Date.now() + 90_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the broker ended:\n${readFileSync(log, 'utf8').slice(-4000)}`);
    const socket = connect(port, '127.0.0.1');
    const open = await Promise.race([once(socket, 'connect').then(() => true), delay(1000, false)]).catch(() => false);
    socket.destroy();
    if (open) return;
    if (Date.now() > limit) throw new Error(`the broker does not listen:\n${readFileSync(log, 'utf8').slice(-4000)}`);
    await delay(100);
  }
}

function createBroker(plan: Plan, jars: string, heap: number): Broker {
  let child: ChildProcess | undefined;
  const log = join(plan.folder, 'output');
  return {
    id: plan.id,
    address: `127.0.0.1:${plan.advertised}`,
    secureAddress: `127.0.0.1:${plan.securePort}`,
    mutualAddress: `127.0.0.1:${plan.mutualPort}`,
    start: async () => {
      const output = openSync(log, 'a');
      const args = [...JVM, `-Xmx${heap}m`, '-cp', `${jars}/*`, 'kafka.Kafka', join(plan.folder, 'server.properties')];
      child = spawn('java', args, { stdio: ['ignore', output, output] });
      closeSync(output);
      children.add(child);
      await listening(plan.port, child, log);
    },
    kill: async () => {
      const dying = child;
      child = undefined;
      if (dying === undefined) return;
      const gone = once(dying, 'exit');
      dying.kill('SIGKILL');
      await gone;
      children.delete(dying);
    },
  };
}

/** Starts Apache Kafka in KRaft mode on loopback, each broker its own controller too, in a temporary folder. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { advertise = async (_id, port) => port, brokers: count, heap = 256, user } = options;
  const jars = kafkaJars();
  const folder = mkdtempSync(join(tmpdir(), 'vigia-kafka-'));
  const keys = user === undefined ? NO_KEYS : createKeys(folder);
  const plans: Plan[] = [];
  for (let id = 1; id <= count; id += 1) {
    const own = join(folder, String(id));
    mkdirSync(own);
    const port = await freePort();
    const [securePort, mutualPort] = [await freePort(), await freePort()];
    const [controller, internal] = [await freePort(), await freePort()];
    const advertised = await advertise(id, port);
    plans.push({ id, folder: own, port, securePort, mutualPort, controller, internal, advertised });
  }
  const cluster = randomBytes(16).toString('base64url');
  await Promise.all(
    plans.map(async (plan) => {
      const file = join(plan.folder, 'server.properties');
      writeFileSync(file, settings(plan, plans, options, keys));
      const scram =
        user === undefined
          ? []
          : SCRAM.flatMap((name) => ['--add-scram', `${name}=[name=${user.name},password=${user.password}]`]);
      const args = [
        ...JVM,
        '-cp',
        `${jars}/*`,
        'kafka.tools.StorageTool',
        'format',
        '-t',
        cluster,
        '-c',
        file,
        ...scram,
      ];
      const formatting = spawn('java', args, { stdio: 'ignore' });
      const [code] = (await once(formatting, 'exit')) as [number];
      if (code !== 0) throw new Error(`the log of broker ${plan.id} could not be made`);
    }),
  );
  const brokers = plans.map((plan) => createBroker(plan, jars, heap));
  await Promise.all(brokers.map((broker) => broker.start()));
  return {
    addresses: brokers.map(({ address }) => address),
    brokers,
    certificate: keys.certificate,
    client: keys.client,
    stop: async () => {
      await Promise.all(brokers.map((broker) => broker.kill()));
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
