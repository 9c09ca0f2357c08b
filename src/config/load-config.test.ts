import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createText } from '../text/text.ts';
import { actionDefinitions } from './action-definitions.ts';
import { loadConfig, parseConfig } from './load-config.ts';
import { describeMistakes } from './mistake.ts';
import { createReveal } from './secrets.ts';
import { settingsFor } from './settings-for.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-config-'));
beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const words = createText()('en');
const load = (text: string, environment: Record<string, string> = {}) =>
  parseConfig(text, { file: 'vigia.yaml', environment, folder });

function good(text: string, environment: Record<string, string> = {}) {
  const loaded = load(text, environment);
  if (!loaded.ok) throw new Error(describeMistakes(loaded.mistakes, words));
  return loaded.config;
}

function bad(text: string, environment: Record<string, string> = {}): string[] {
  const loaded = load(text, environment);
  return loaded.ok ? [] : describeMistakes(loaded.mistakes, words).split('\n');
}

describe('a good configuration', () => {
  test('is empty: everything has a default', () => {
    const config = good('');
    expect(config.api).toEqual({ host: '127.0.0.1', port: 8440, allowedHosts: [], tokens: [], webhooks: [] });
    expect(config.step).toBe(5000);
    expect(config.store.diskBudget).toBe(2 * 2 ** 30);
    expect(config.alertBudget.pages).toEqual({ count: 2, windowMs: 86_400_000 });
    expect(config.predict.horizons).toEqual([900_000, 3_600_000, 21_600_000, 86_400_000, 604_800_000]);
  });

  test('may have sections without anything in them', () => {
    expect(good('api:\n  # port: 1\nstore:\n').api.port).toBe(8440);
  });

  test('has durations, sizes and rates in units', () => {
    const config = good('step: 1.5s\nstore: {diskBudget: 512MiB}\nalertBudget: {pages: 1 per week}\n');
    expect([config.step, config.store.diskBudget]).toEqual([1500, 512 * 2 ** 20]);
    expect(config.alertBudget.pages).toEqual({ count: 1, windowMs: 7 * 86_400_000 });
  });

  test('gives way to the environment', () => {
    const environment = {
      VIGIA_API_PORT: '9001',
      VIGIA_DATA: '/var/lib/vigia',
      VIGIA_STORE_DISK_BUDGET: '1GiB',
      VIGIA_API_ALLOWED_HOSTS: '[vigia.example]',
      VIGIA_COLLECT_HOST_ENABLED: 'false',
      VIGIA_UNKNOWN: 'is not ours to judge',
      VIGIA_STEP: '',
    };
    const config = good('api: {port: 8000}\nstep: 2s\n', environment);
    expect(config.api).toMatchObject({ port: 9001, allowedHosts: ['vigia.example'] });
    expect([config.data, config.store.diskBudget, config.step]).toEqual(['/var/lib/vigia', 2 ** 30, 2000]);
    expect(config.collect.host.enabled).toBe(false);
  });

  test('has secrets by reference', () => {
    writeFileSync(join(folder, 'scrape-token'), 'from-file\n');
    const config = good(
      [
        'api:',
        '  tokens:',
        '    - {name: ana, role: admin, token: "${env:ANA_TOKEN}"}',
        'collect:',
        '  scrape:',
        '    - {name: web, targets: ["http://127.0.0.1:9100/metrics"], token: "${file:scrape-token}"}',
      ].join('\n'),
      { ANA_TOKEN: 'from-environment', VIGIA_STORE_URL: 'postgres://vigia:hidden@db/vigia' },
    );
    expect(config.api.tokens[0]?.token).toBe('from-environment');
    expect(config.collect.scrape[0]).toMatchObject({ token: 'from-file', interval: 15_000, timeout: 10_000 });
    expect(config.store.url).toBe('postgres://vigia:hidden@db/vigia');
  });

  test('has a password by reference within an address, spelt as addresses spell it', () => {
    writeFileSync(join(folder, 'database-password'), 'p@ss/w:rd\n');
    const config = good(
      'store: {url: "postgres://vigia:${file:database-password}@db:5432/vigia", replica: "${env:REPLICA}"}',
      { REPLICA: 'postgres://vigia:p%40ss@replica/vigia?sslmode=verify-full' },
    );
    expect(config.store.url).toBe('postgres://vigia:p%40ss%2Fw%3Ard@db:5432/vigia');
    expect(config.store.replica).toBe('postgres://vigia:p%40ss@replica/vigia?sslmode=verify-full');
  });
});

describe('jobs that scrape', () => {
  test('may find their targets, with rules as Prometheus writes them', () => {
    const config = good(
      [
        'collect:',
        '  scrape:',
        '    - name: shop',
        '      discover: [{file: ["targets/*.yml"]}, {http: "http://sd.example/", refresh: 1m}]',
        '      relabel:',
        '        - {source_labels: [__meta_env], regex: "prod|stage", action: keep}',
        '        - {source_labels: [__address__], modulus: 4, target_label: shard, action: hashmod}',
      ].join('\n'),
    );
    expect(config.collect.scrape[0]).toMatchObject({
      targets: [],
      discover: [{ refresh: 30_000 }, { refresh: 60_000 }],
      relabel: [{ separator: ';', replacement: '$1' }, { modulus: 4 }],
    });
  });

  test('say where, once, and have rules that make sense', () => {
    const text = [
      'collect:',
      '  scrape:',
      '    - name: none',
      '    - name: both',
      '      discover: [{http: "http://a.example/", file: [x.yml]}]',
      '    - name: rules',
      '      targets: ["http://127.0.0.1:1/"]',
      '      relabel: [{action: replace}, {action: hashmod, target_label: x}, {action: keep, regex: "(a+)+"}]',
    ].join('\n');
    expect(bad(text).map((line) => line.replace(/; expected.*/, ''))).toEqual([
      'vigia.yaml:3: collect.scrape[0]: found nothing',
      'vigia.yaml:5: collect.scrape[1].discover[0]: found {"file":["x.yml"],"http":"http://a.example/"}',
      'vigia.yaml:8: collect.scrape[2].relabel[0]: found {"action":"replace"}',
      'vigia.yaml:8: collect.scrape[2].relabel[1]: found {"action":"hashmod","target_label":"x"}',
      'vigia.yaml:8: collect.scrape[2].relabel[2].regex: found "(a+)+"',
    ]);
  });
});

describe('a mistake', () => {
  test('is told with file, line, what was found and what is expected, all at once', () => {
    const text = [
      'step: fast',
      'api:',
      '  prot: 8440',
      '  port: 99999',
      'collect:',
      '  scrape:',
      '    - name: web',
      '      targets: ["ftp://host"]',
      'act: {mode: suggests}',
      'store: {diskBudget: 2GB}',
      'alertBudget: {pages: 2}',
      'wibble: 1',
    ].join('\n');
    expect(bad(text)).toEqual([
      'vigia.yaml:12: wibble: there is no such setting; expected one of language, timezone, data, step, log, instance, api, metrics, telemetry, store, bus, collect, kubernetes, entities, topology, limits, prepare, detect, alertBudget, failures, predict, correlate, actions, act, notify, overrides',
      'vigia.yaml:1: step: found "fast"; expected a length of time such as 500ms, 5s, 15m, 6h or 7d',
      'vigia.yaml:3: api.prot: there is no such setting; did you mean "port"?',
      'vigia.yaml:4: api.port: found 99999; expected 0 to 65535',
      'vigia.yaml:10: store.diskBudget: found "2GB"; expected a size such as 64KiB, 16MiB or 2GiB',
      'vigia.yaml:8: collect.scrape[0].targets[0]: found "ftp://host"; expected an address such as http://127.0.0.1:9100/metrics',
      'vigia.yaml:11: alertBudget.pages: found 2; expected a rate such as 2 per day (or per hour, per week)',
      'vigia.yaml:9: act.mode: found "suggests"; did you mean "suggest"?',
    ]);
  });

  test('is told in Spanish too', () => {
    const loaded = load('api: {port: x}');
    expect(loaded.ok ? '' : describeMistakes(loaded.mistakes, createText()('es'))).toBe(
      'vigia.yaml:1: api.port: se encontró "x"; se esperaba un número entero',
    );
  });

  test('of the environment names its variable', () => {
    expect(bad('', { VIGIA_API_PORT: 'tcp://10.0.0.1:80' })).toEqual([
      'VIGIA_API_PORT: api.port: found "tcp://10.0.0.1:80"; expected a whole number',
    ]);
  });

  test('of names of the catalogue that lead nowhere', () => {
    const named = (more: string): string =>
      `actions:\n  - id: a\n    title: {en: A, es: A}\n    executor: command\n    args: {argv: [ls]}\n${more}`;
    expect(bad(named('    rollback: b\n    opposes: [a, c]\nact: {escalation: d}\n'))).toEqual([
      'vigia.yaml:8: act.escalation: found "d"; expected the id of an action under `actions`',
      'vigia.yaml:6: actions[0].rollback: found "b"; expected the id of an action under `actions`',
      'vigia.yaml:7: actions[0].opposes[1]: found "c"; expected the id of an action under `actions`',
    ]);
    const [problem] = bad(named('').replace('[ls]', '[ls, "{pod.name}", "{labels.pod}", "{print $1}"]'));
    expect(problem).toMatch(/^vigia\.yaml:5: actions\[0\]\.args\.argv\[1\]: found "\{pod\.name\}"; expected `\{entity/);
  });

  test('of missing settings names them', () => {
    expect(bad('actions:\n  - id: a\n    executor: command\n    args: {argv: [ls]}\n')).toEqual([
      'vigia.yaml:2: actions[0]: found nothing; expected title here',
    ]);
  });

  test.each([
    ['step: 10ms', 'vigia.yaml:1: step: found "10ms"; expected 1s to 5m'],
    ['store:\n  diskBudget: 1KiB', 'vigia.yaml:2: store.diskBudget: found "1KiB"; expected at least 64MiB'],
    [
      'collect:\n  scrape:\n    - {name: a, targets: ["http://h"], interval: 5s, timeout: 6s}',
      'vigia.yaml:3: collect.scrape[0].timeout: found "6s"; expected less than interval (5s)',
    ],
    [
      'timezone: Madrid',
      'vigia.yaml:1: timezone: found "Madrid"; expected the IANA name of a time zone, such as Europe/Madrid or UTC',
    ],
    [
      'topology:\n  - {from: service/web, to: db}',
      'vigia.yaml:2: topology[0].to: found "db"; expected an entity such as host/web-1, or a pattern such as pod/shop/*',
    ],
    [
      'topology:\n  - {from: service/web, to: service/web}',
      'vigia.yaml:2: topology[0].to: found "service/web"; expected two different entities: nothing depends on itself',
    ],
    [
      'limits:\n  - {metric: m, value: 1, feature: n}',
      'vigia.yaml:2: limits[0]: found {"metric":"m","value":1,"feature":"n"}; expected either value or feature',
    ],
    [
      'api:\n  tokens:\n    - {name: a, role: viewer, token: "${env:NOT_SET}"}',
      'vigia.yaml:3: api.tokens[0].token: the environment variable NOT_SET is not set; set it, or take the reference out',
    ],
    [
      'store: {url: "${file:missing}"}',
      'vigia.yaml:1: store.url: the file missing cannot be read (ENOENT); correct the path or its rights',
    ],
  ])('of meaning: %s', (text, line) => {
    expect(bad(text)).toEqual([line]);
  });

  test('never shows a secret that was written out', () => {
    const text = [
      'api: {tokens: [{name: a, role: admin, token: s3cr3t-value}]}',
      'store: {url: "postgres://u:s3cr3t-value@db/x", replica: "postgres://u:s3cr3t${env:HOME}@db/x"}',
    ];
    const lines = bad(text.join('\n'));
    expect(lines).toHaveLength(3);
    expect(lines.join('\n')).not.toContain('s3cr3t');
    expect(lines[0]).toContain('found a secret that is written out; expected a reference to it: ${env:NAME}');
  });

  test('is a secret in the arguments of an action', () => {
    const action = (header: string): string =>
      `actions:\n  - id: call\n    title: {en: Call, es: Llamar}\n    executor: webhook\n    args:\n      url: http://127.0.0.1/\n      headers:\n        Authorization: ${header}\n`;
    expect(bad(action('Bearer s3cr3t'))).toEqual([
      'vigia.yaml:8: actions[0].args.headers.Authorization: found a secret that is written out; expected a reference to it: ${env:NAME} or ${file:path}',
    ]);
    expect(bad(action('"Bearer ${env:T}"'), { T: 'x' })).toEqual([]);
  });
});

test('a reference reveals its secret when it is asked for', () => {
  const reveal = createReveal({ environment: { HOOK: 'abc' }, folder });
  expect([reveal('${env:HOOK}'), reveal('${env:NONE}'), reveal('HOOK')]).toEqual(['abc', null, null]);
});

describe('hostile files', () => {
  test.each([
    ['syntax', 'api: [1\nport: 2', /^vigia\.yaml:\d+: this is not valid YAML/],
    ['a key twice', 'step: 5s\nstep: 6s', /^vigia\.yaml:2: this is not valid YAML/],
    ['not a map', '- a', /^vigia\.yaml:1: found \["a"\]; expected a section/],
    ['a value in itself', 'api: &a {host: *a}', /^vigia\.yaml:1: found a value that contains itself/],
    ['prototype', '__proto__: {step: 1s}', /^vigia\.yaml:1: __proto__: there is no such setting/],
    ['depth', '['.repeat(200_000), /this is not valid YAML/],
    ['two documents', 'step: 5s\n---\nstep: 6s', /this is not valid YAML/],
  ])('%s', (_, text, message) => {
    expect(bad(text)[0]).toMatch(message);
  });

  test('a bomb of aliases', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i++) lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join()}]`);
    expect(bad(lines.join('\n'))[0]).toMatch(/this is not valid YAML/);
  });

  test('a huge or missing file', () => {
    const file = join(folder, 'huge.yaml');
    writeFileSync(file, `#${'x'.repeat(2 * 2 ** 20)}`);
    const describeFile = (name: string): string => {
      const loaded = loadConfig(name, {});
      return loaded.ok ? '' : describeMistakes(loaded.mistakes, words);
    };
    expect(describeFile(file)).toBe(`${file}: the file has 2 MiB; expected at most 1 MiB`);
    expect(describeFile(join(folder, 'none.yaml'))).toContain('the file cannot be read (ENOENT)');
  });
});

describe('settings for a subject', () => {
  const config = good(
    [
      'act: {mode: approve}',
      'overrides:',
      '  - match: {entity: "service/orders*"}',
      '    set: {detect: {minimumDuration: 2m}, act: {mode: observe}}',
      '  - match: {kind: service, anomaly: spike}',
      '    set: {detect: {warmUp: 60}}',
      '  - match: {action: restart}',
      '    set: {act: {cooldown: 1h}}',
      'actions:',
      '  - {id: restart, title: {en: Restart, es: Reiniciar}, executor: command, args: {argv: [true-ish]}, settle: 30s}',
    ].join('\n'),
  );

  test('are the general ones where nothing matches', () => {
    expect(settingsFor(config, { entity: 'host/a', kind: 'host', anomaly: 'spike' }).detect).toEqual(config.detect);
    expect(settingsFor(config, {}).act.mode).toBe('approve');
  });

  test('are overridden part by part', () => {
    const settings = settingsFor(config, { entity: 'service/orders-2', kind: 'service', anomaly: 'spike' });
    expect(settings.detect).toEqual({ ...config.detect, minimumDuration: 120_000, warmUp: 60 });
    expect(settings.act).toEqual({ ...config.act, mode: 'observe' });
  });

  test('give actions what they leave out', () => {
    expect(actionDefinitions(config)[0]).toMatchObject({
      id: 'restart',
      mode: 'approve',
      cooldownMs: 3_600_000,
      settleMs: 30_000,
      prior: { resolved: 1, failed: 1 },
      match: { entityKinds: [], predictions: true },
    });
  });
});
