import { describe, expect, it } from 'vitest';
import { readPrometheusFile } from './prometheus-file.ts';

const FILE = `
global:
  scrape_interval: 1m30s
  evaluation_interval: 15s
rule_files: [alerts.yml]
alerting:
  alertmanagers: [{static_configs: [{targets: ['alertmanager:9093']}]}]
scrape_configs:
  - job_name: prometheus
    scrape_interval: 5s
    scrape_timeout: 3s
    static_configs:
      - targets: ['localhost:9090', 'localhost:9091']
        labels: {env: prod}
  - job_name: blackbox
    metrics_path: /probe
    scheme: https
    params: {module: [http_2xx]}
    honor_labels: true
    basic_auth: {username: ana, password_file: secrets/password}
    tls_config: {ca_file: /etc/ca.pem, insecure_skip_verify: true}
    sample_limit: 5000
    file_sd_configs:
      - files: ['targets/*.yml']
        refresh_interval: 5m
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - target_label: __address__
        replacement: 127.0.0.1:9115
  - job_name: pods
    eureka_sd_configs: [{server: 'http://e'}]
    label_limit: 30
  - job_name: found
    authorization: {type: Token, credentials: abc}
    http_sd_configs: [{url: 'http://sd.example/list', bearer_token: for-the-list}]
    dns_sd_configs: [{names: [_metrics._tcp.example.org], refresh_interval: 1m}]
    consul_sd_configs: [{server: 'localhost:8500'}]
  - job_name: broken
    static_configs: [{targets: ['a:1']}]
    relabel_configs: [{action: explode, regex: x}]
`;

describe('a prometheus.yml', () => {
  const { jobs, notes } = readPrometheusFile(FILE, '/etc/prometheus/prometheus.yml');
  const job = (name: string) => jobs.find((one) => one.name === name);

  it('is taken over with its targets, times and labels', () => {
    expect(job('prometheus')).toMatchObject({ intervalMs: 5000, timeoutMs: 3000, scheme: 'http', path: '/metrics' });
    expect(job('prometheus')?.discover).toEqual([
      {
        kind: 'static',
        refreshMs: 0,
        targets: [
          { env: 'prod', __address__: 'localhost:9090' },
          { env: 'prod', __address__: 'localhost:9091' },
        ],
      },
    ]);
  });

  it('with its rules, limits, credentials and certificates, paths from where it lies', () => {
    expect(job('blackbox')).toMatchObject({
      intervalMs: 90_000,
      timeoutMs: 10_000,
      scheme: 'https',
      path: '/probe',
      params: { module: ['http_2xx'] },
      honorLabels: true,
      sampleLimit: 5000,
      access: {
        basic: { user: 'ana', passwordFile: '/etc/prometheus/secrets/password' },
        tls: { ca: '/etc/ca.pem', insecureSkipVerify: true },
      },
      relabel: [
        { source_labels: ['__address__'], target_label: '__param_target' },
        { target_label: '__address__', replacement: '127.0.0.1:9115' },
      ],
      discover: [{ kind: 'file', refreshMs: 30_000, globs: ['/etc/prometheus/targets/*.yml'] }],
    });
  });

  it('with the ways in which it finds targets, each with credentials of its own', () => {
    expect(job('found')).toMatchObject({
      access: { token: 'abc', tokenType: 'Token' },
      discover: [
        { kind: 'http', refreshMs: 60_000, url: 'http://sd.example/list', access: { token: 'for-the-list' } },
        { kind: 'dns', refreshMs: 60_000, names: ['_metrics._tcp.example.org'], type: 'SRV' },
      ],
    });
  });

  it('and what is not understood is named, one line each, without harm to the rest', () => {
    expect(jobs.map(({ name }) => name)).toEqual(['prometheus', 'blackbox', 'found']);
    expect(notes).toEqual([
      'job "pods": eureka_sd_configs is not understood and left out',
      'job "pods": label_limit is not understood and left out',
      'job "pods": it has no targets that can be found, and is left out',
      'job "found": consul_sd_configs is not understood and left out',
      'job "broken": there is no action "explode"; the job is left out',
    ]);
  });

  it('that is no YAML is refused with its name', () => {
    expect(() => readPrometheusFile('a: {', 'prometheus.yml')).toThrow(
      expect.objectContaining({ code: 'CONFIG_UNREADABLE' }),
    );
    expect(readPrometheusFile('', 'prometheus.yml')).toEqual({ jobs: [], notes: [] });
  });
});
