// Serves the built dashboard with made-up answers, only to look at pages in every state. Nothing of it is shipped or used by tests.
//   node dashboard/dev/fixture-server.mjs --port 4700 --entities 50 --mood quiet|storm|learning|error|denied [--dist FOLDER]
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { createModelFixtures } from './fixture-models.mjs';
import { createQualityFixtures } from './fixture-quality.mjs';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '4700' },
    entities: { type: 'string', default: '50' },
    mood: { type: 'string', default: 'quiet' },
    dist: { type: 'string', default: new URL('../../dist/dashboard/', import.meta.url).pathname },
  },
});
const mood = options.mood;
const count = Number(options.entities);
const start = Date.now();
const MINUTE = 60_000;
const HOUR = 3_600_000;

let seed = 7;
const random = () => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed / 2_147_483_648;
};
const phrase = (key, values = {}) => ({ key, values });

const KINDS = [
  ['host', 0.35, (i) => `web-${i}`],
  ['service', 0.15, (i) => ['orders', 'payments', 'cart', 'search', 'mail', 'auth'][i % 6] + (i > 5 ? `-${i}` : '')],
  ['pod', 0.4, (i) => `shop/cart-${i}`],
  ['database', 0.1, (i) => `pg-${i}`],
];
const ids =
  count === 1
    ? ['host/atlas']
    : KINDS.flatMap(([kind, share, name]) =>
        Array.from({ length: Math.round(count * share) }, (_, i) => `${kind}/${name(i)}`),
      ).slice(0, count);
const troubled =
  mood === 'storm' ? Math.ceil(ids.length * 0.3) : mood === 'quiet' && ids.length > 0 ? Math.min(2, ids.length) : 0;

const qualities = createQualityFixtures({ ids, start, random, mood });

const FEATURES = [
  ['host_cpu_used_ratio', {}, 'ratio', 'level', 0.3, true],
  ['host_load1', {}, '', 'level', 1.4, false],
  ['host_memory_used_bytes', {}, 'bytes', 'level', 6.2e9, true],
  ['host_swap_used_bytes', {}, 'bytes', 'level', 2.1e8, true],
  ['host_filesystem_used_bytes', { mountpoint: '/data' }, 'bytes', 'level', 4.1e10, true],
  ['host_filesystem_used_bytes', { mountpoint: '/' }, 'bytes', 'level', 1.8e10, true],
  ['host_disk_read_bytes', { device: 'nvme0n1' }, 'bytes_per_second', 'rate', 2.4e6, false],
  ['host_disk_written_bytes', { device: 'nvme0n1' }, 'bytes_per_second', 'rate', 8.4e6, false],
  ['host_network_received_bytes', { device: 'eth0' }, 'bytes_per_second', 'rate', 3.1e6, false],
  ['host_network_sent_bytes', { device: 'eth0' }, 'bytes_per_second', 'rate', 1.1e6, false],
  ['host_pressure_io_ratio', {}, 'ratio', 'level', 0.04, false],
  ['host_tcp_connections', { state: 'established' }, '', 'level', 212, false],
  ['http_request_duration_seconds', { quantile: '0.99', route: '/checkout' }, 'seconds', 'quantile', 0.18, false],
  ['host_file_descriptors_used', {}, '', 'level', 1840, true],
  ['process_cpu_ratio', { process: 'postgres' }, 'ratio', 'level', 0.12, false],
  ['process_memory_bytes', { process: 'java' }, 'bytes', 'level', 1.2e9, false],
].map(([metric, labels, unit, kind, base, hasLimit]) => {
  const inner = Object.entries(labels)
    .map(([k, v]) => `${k}="${v}"`)
    .join(',');
  return { name: inner === '' ? metric : `${metric}{${inner}}`, metric, labels, unit, kind, base, hasLimit };
});
const DISK = FEATURES[4];
const severityOf = (i) => (i % 5 === 0 ? 'critical' : i % 2 === 0 ? 'info' : 'warning');
const capacity = (i) => i % 3 !== 2;

const entities = ids.map((id, i) => {
  const learning = mood === 'learning' || (mood === 'quiet' && i === ids.length - 1 && ids.length > 1);
  const bad = i < troubled;
  const silent = ids.length > 20 && i % 41 === 17;
  const slash = id.indexOf('/');
  return {
    id,
    kind: id.slice(0, slash),
    name: id.slice(slash + 1),
    fleet: 'default',
    labels: { region: 'eu-west-1', team: 'shop' },
    firstSeen: start - 40 * 24 * HOUR,
    lastSeen: start,
    state: silent ? 'silent' : learning ? 'learning' : bad ? severityOf(i + (mood === 'quiet' ? 1 : 0)) : 'calm',
    learning: learning
      ? { ready: false, frames: 34 + (i % 40), needed: 120, readyAt: start + 8 * MINUTE }
      : { ready: true, frames: 120, needed: 120, readyAt: null },
    risk:
      bad && capacity(i)
        ? { prediction: `p${i}`, probability: 0.82 - i * 0.001, seconds: 21_600, expectedAt: start + 3 * HOUR }
        : null,
    openAnomalies: bad ? 1 + (i % 3) : 0,
    lastFrame: silent ? start - 3 * HOUR : start - 4000,
  };
});
const bad = entities.filter((entity, i) => i < troubled && entity.state !== 'silent');

const predictions = bad.slice(0, 50).map((entity, i) => {
  const expected = (0.4 + i * i * 0.21 + random() * 0.5) * HOUR;
  const used = 4.1e10;
  return {
    id: `p${i}`,
    entity: entity.id,
    fleet: 'default',
    kind: capacity(i) ? 'capacity' : 'failure',
    feature: capacity(i) ? DISK.name : null,
    unit: capacity(i) ? 'bytes' : '',
    madeAt: start - 5000,
    openedAt: start - 25 * MINUTE,
    closedAt: null,
    state: 'open',
    severity: entity.state === 'calm' ? 'info' : entity.state,
    horizons: [900, 3600, 21_600, 86_400, 604_800].map((seconds) => ({
      seconds,
      probability: 1 / (1 + Math.exp(-3 * Math.log((seconds * 1000) / expected))),
    })),
    expectedAt: start + expected,
    earliest: start + expected * 0.66,
    latest: i % 4 === 3 ? null : start + expected * 1.7,
    current: capacity(i) ? used : null,
    limit: capacity(i) ? 5.2e10 : null,
    slope: capacity(i) ? (5.2e10 - used) / (expected / 1000) : null,
    drivers: [
      {
        feature: DISK.name,
        share: 1,
        reason: phrase('correlate.sign_trend', { feature: DISK.metric, entity: entity.id }),
      },
    ],
    reason: phrase('correlate.sign_capacity', { feature: DISK.name, entity: entity.id }),
    model: { kind: 'trend', version: '1' },
  };
});
const closedPredictions = predictions.slice(0, 2).map((one, i) => ({
  ...one,
  id: `c${i}`,
  state: i === 0 ? 'happened' : 'cleared',
  closedAt: start - (i + 2) * 9 * HOUR,
}));

const anomalies = bad.map((entity, i) => ({
  id: `a${i}`,
  entity: entity.id,
  fleet: 'default',
  start: start - (12 + (i % 9)) * MINUTE,
  end: i % 7 === 6 ? start - 2 * MINUTE : null,
  kind: ['trend', 'spike', 'level_shift', 'variance'][i % 4],
  kindReason: phrase('detect.kindTrend', { feature: DISK.name }),
  members: ['residual', 'pca', 'forest', 'autoencoder', 'svm', 'relation'].map((detector, m) => ({
    detector,
    pValue: [0.00002, 0.0007, 0.012, 0.004, 0.31, 0.62][m],
    agrees: m < 4,
  })),
  ending: null,
  severity: entity.state,
  severityReason: phrase('correlate.rootStrongest'),
  score: 0.97 - i * 0.0001,
  pValue: 0.00002,
  frames: 40,
  contributions: [
    {
      feature: DISK.name,
      share: 0.62,
      value: 4.1e10,
      expected: 3.1e10,
      low: 2.9e10,
      high: 3.3e10,
      unit: 'bytes',
      detector: 'residual',
    },
    {
      feature: FEATURES[7].name,
      share: 0.28,
      value: 2.4e7,
      expected: 8e6,
      low: 5e6,
      high: 1.1e7,
      unit: 'bytes_per_second',
      detector: 'residual',
    },
    {
      feature: FEATURES[0].name,
      share: 0.1,
      value: 0.62,
      expected: 0.3,
      low: 0.21,
      high: 0.4,
      unit: 'ratio',
      detector: 'residual',
    },
  ],
  provisional: i % 2 === 1,
  heldBack: i % 2 === 0 ? phrase('detect.heldBackNoise', { feature: DISK.name, share: 0.43, days: 7 }) : null,
  updatedAt: start,
}));

const closedAnomaly = (id) => ({
  ...anomalies[0],
  id: 'old',
  entity: id,
  start: start - 45 * MINUTE,
  end: start - 39 * MINUTE,
  kind: 'spike',
  severity: 'info',
  ending: { by: 'calm', reason: phrase('detect.endCalm') },
});
const eventsOf = (id) => [
  {
    id: 'e1',
    time: start - 28 * MINUTE,
    entity: id,
    fleet: 'default',
    name: 'deploy',
    source: 'push',
    severity: 'info',
    text: 'orders 2.41.0 by ci',
    labels: {},
  },
  {
    id: 'e2',
    time: start - 13 * MINUTE,
    entity: id,
    fleet: 'default',
    name: 'restart',
    source: 'host',
    severity: 'warning',
    text: 'postgres restarted',
    labels: {},
  },
];

const incidents = bad.slice(0, mood === 'storm' ? 14 : 2).map((entity, i) => ({
  id: `inc-${i}`,
  fleet: 'default',
  state: 'open',
  severity: entity.state,
  title:
    i === 0 || mood === 'quiet'
      ? phrase('correlate.sign_capacity', { feature: 'host_filesystem_used_bytes /data', entity: entity.id })
      : phrase(['correlate.sign_spike', 'correlate.sign_level_shift', 'correlate.sign_variance'][i % 3], {
          feature: FEATURES[i % FEATURES.length].metric,
          entity: entity.id,
        }),
  openedAt: start - (12 + i * 7) * MINUTE,
  updatedAt: start - MINUTE,
  resolvedAt: null,
  reopened: i % 3,
  root: entity.id,
  rootReason: phrase('correlate.rootEarliest', { seconds: 42 }),
  roots: [
    { entity: entity.id, share: 0.61, reason: phrase('correlate.rootEarliest', { seconds: 42 }) },
    { entity: 'service/orders', share: 0.24, reason: phrase('correlate.rootUpstream', { count: 3 }) },
    { entity: 'database/pg-0', share: 0.11, reason: phrase('correlate.rootChange', { event: 'deploy', seconds: 95 }) },
  ],
  silencedBy: i === 1 ? ['s1'] : [],
  ...(mood === 'storm' && i === 0 ? { leftOut: { signs: 9102, timeline: 14 } } : {}),
  entities: bad.slice(i, i + 1 + (i % 4) * 3).map(({ id }) => id),
  anomalyKinds: ['trend'],
  features: [DISK.name, FEATURES[7].name],
  anomalies: [`a${i}`],
  predictions: [`p${i}`],
  pagedAt: start - 11 * MINUTE,
  timeline: [
    {
      time: start - 28 * MINUTE,
      entity: entity.id,
      ref: 'e1',
      type: 'event',
      text: phrase('correlate.event', { name: 'deploy', entity: entity.id }),
    },
    {
      time: start - 13 * MINUTE,
      entity: entity.id,
      ref: `a${i}`,
      type: 'anomaly',
      text: phrase('correlate.sign_trend', { feature: DISK.metric, entity: entity.id }),
    },
    {
      time: start - 12 * MINUTE,
      entity: entity.id,
      ref: `p${i}`,
      type: 'prediction',
      text: phrase('correlate.sign_capacity', { feature: DISK.metric, entity: entity.id }),
    },
    {
      time: start - 10 * MINUTE,
      entity: entity.id,
      ref: `a${i}`,
      type: 'note',
      text: phrase('correlate.worse_critical', { feature: DISK.metric, entity: entity.id }),
    },
  ],
}));
const worst = { critical: 0, warning: 1, info: 2 };
incidents.sort((x, y) => worst[x.severity] - worst[y.severity]);
const entityStates = entities.map(({ state }) => state);
const how = (state) => entityStates.filter((one) => one === state).length;

const ACTIONS = [
  {
    id: 'clean-data',
    title: { en: 'Delete old exports under /data', es: 'Borrar exportaciones antiguas de /data' },
    executor: 'command',
    mode: 'approve',
    disruption: 'low',
  },
  {
    id: 'restart-orders',
    title: { en: 'Restart the orders service', es: 'Reiniciar el servicio de pedidos' },
    executor: 'command',
    mode: 'suggest',
    disruption: 'medium',
  },
  {
    id: 'grow-volume',
    title: { en: 'Grow the volume by 20 GiB', es: 'Ampliar el volumen en 20 GiB' },
    executor: 'webhook',
    mode: 'observe',
    disruption: 'none',
  },
].map((action) => ({
  ...action,
  entityKinds: ['host'],
  anomalyKinds: ['trend'],
  features: ['host_filesystem_used_bytes'],
  settleSeconds: 300,
  cooldownSeconds: 3600,
  tally: action.id === 'clean-data' ? { resolved: 5, ineffective: 1, inconclusive: 1 } : {},
}));

const run = (id, state, extra = {}) => ({
  id,
  incident: 'inc-0',
  recommendation: 'rec-0',
  fleet: 'default',
  action: 'clean-data',
  entity: bad[0]?.id ?? 'host/atlas',
  dryRun: state === 'dry_run',
  state,
  plan: ['find', '/data/exports', '-name', '*.parquet', '-mtime', '+7', '-delete'],
  decision: [phrase('correlate.rootOnly'), phrase('correlate.rootStrongest')],
  requestedBy: 'vigia',
  requestedAt: start - 9 * MINUTE,
  expiresAt: start + 21 * MINUTE,
  decidedBy: null,
  decidedAt: null,
  startedAt: null,
  endedAt: null,
  exitCode: null,
  output: '',
  error: null,
  ...extra,
});
const runs =
  bad.length === 0
    ? []
    : [
        run('r1', 'awaiting_approval'),
        ...(mood === 'storm'
          ? [
              run('r3', 'awaiting_approval', {
                action: 'restart-orders',
                entity: bad[1].id,
                incident: 'inc-1',
                plan: ['systemctl', 'restart', 'orders'],
              }),
            ]
          : []),
        run('r0', 'succeeded', {
          decidedBy: 'ana',
          decidedAt: start - 7 * HOUR,
          startedAt: start - 7 * HOUR,
          endedAt: start - 7 * HOUR + 4000,
          exitCode: 0,
          output: 'removed 214 files\n',
          requestedAt: start - 7 * HOUR,
        }),
      ];
const outcomes =
  runs.length === 0
    ? []
    : [
        {
          id: 'o0',
          run: 'r0',
          incident: 'inc-0',
          fleet: 'default',
          action: 'clean-data',
          entity: bad[0].id,
          verdict: 'resolved',
          decidedAt: start - 6.9 * HOUR,
          evidence: [{ feature: DISK.name, before: 4.9e10, after: 2.2e10, unit: 'bytes' }],
          reason: phrase('correlate.resolved', { seconds: 300 }),
        },
      ];
const settings = { language: 'en', alertBudget: { pages: 2, warnings: 20 }, killSwitch: false, modes: {} };

const overview = () => ({
  time: Date.now(),
  incidents,
  counts: {
    entities: entities.length,
    incidents: incidents.length,
    critical: how('critical'),
    warning: how('warning'),
    info: how('info'),
    learning: how('learning'),
    silent: how('silent'),
  },
  next: predictions,
  waiting: runs.filter(({ state }) => state === 'awaiting_approval'),
  budget: {
    pages: { limit: settings.alertBudget.pages, used: mood === 'storm' ? 2 : 1 },
    warnings: { limit: settings.alertBudget.warnings, used: mood === 'storm' ? 13 : 2 },
    windowSeconds: 86_400,
    resetsAt: start + 5 * HOUR,
    provisional: mood === 'learning',
  },
  entities: entities.slice(0, 2000),
});

const featureViews = (id) => {
  const i = ids.indexOf(id);
  const abnormal = i >= 0 && i < troubled;
  return FEATURES.map((feature, f) => ({
    name: feature.name,
    metric: feature.metric,
    labels: feature.labels,
    unit: feature.unit,
    kind: feature.kind,
    value: feature.base * (abnormal && f === 4 ? 1 : 0.98),
    expected: mood === 'learning' ? null : feature.base,
    low: mood === 'learning' ? null : feature.base * 0.85,
    high: mood === 'learning' ? null : feature.base * 1.12,
    score: abnormal && (f === 4 || f === 7) ? 0.97 : 0.2 * ((f * 7) % 3),
    hasLimit: feature.hasLimit,
  }));
};

function chart(id, search) {
  const [from, to, points] = ['from', 'to', 'points'].map((name) => Number(search.get(name)));
  const step = Math.max(5000, Math.ceil((to - from) / points / 5000) * 5000);
  const times = [];
  for (let time = Math.ceil(from / step) * step; time < Math.min(to, Date.now()); time += step) {
    const gap = time > start - 35 * MINUTE && time < start - 31 * MINUTE;
    if (!gap) times.push(time);
  }
  const features = search.getAll('features').map((name) => {
    const feature = FEATURES.find((one) => one.name === name) ?? FEATURES[0];
    const bad = ids.indexOf(id) < troubled && (feature === DISK || feature === FEATURES[7]);
    const noise = (time, k) =>
      Math.sin(time / 9000 + k) * 0.02 + Math.sin(time / 41_000 + k * 3) * 0.03 + Math.sin(time * 7.77) * 0.012;
    const at = (time, k) =>
      feature.base *
      (1 + noise(time, k) - (bad ? Math.max(0, Math.min(0.24, ((start - time) / (13 * MINUTE)) * 0.24)) : 0));
    const k = FEATURES.indexOf(feature);
    const mean = times.map((time) => at(time, k));
    const base = feature.base * (bad ? 0.76 : 1);
    return {
      name,
      unit: feature.unit,
      mean,
      low: mean.map((v) => v * 0.985),
      high: mean.map((v) => v * 1.02),
      bandLow: times.map((t) => (mood === 'learning' ? null : base * (0.92 + noise(t, 1) / 3))),
      bandHigh: times.map((t) => (mood === 'learning' ? null : base * (1.08 + noise(t, 2) / 3))),
    };
  });
  return { entity: id, tier: 'step', stepMs: step, from, to, times, features };
}

const sources = () => [
  {
    name: 'host',
    kind: 'host',
    state: 'up',
    lastSuccess: Date.now() - 3000,
    lastError: null,
    samples: 1_204_332,
    series: 214,
    drops: {},
  },
  {
    name: 'scrape/orders',
    kind: 'scrape',
    state: 'down',
    lastSuccess: start - 14 * MINUTE,
    lastError: {
      time: start - 20_000,
      phrase: phrase('errors.EXECUTOR_UNREACHABLE', {
        target: 'http://10.0.0.7:9100/metrics',
        detail: 'connection refused',
      }),
    },
    samples: 98_211,
    series: 803,
    drops: { too_old: 12, series_limit: 340 },
  },
  { name: 'push', kind: 'push', state: 'idle', lastSuccess: null, lastError: null, samples: 0, series: 0, drops: {} },
];
const status = () => ({
  version: '0.1.0',
  startedAt: start - 26 * HOUR,
  ready: true,
  stepMs: 5000,
  language: 'en',
  stages: ['collect', 'prepare', 'detect', 'predict', 'correlate', 'recommend', 'act', 'learn'].map((name, i) => ({
    name,
    lag: i === 1 ? 12 : 0,
  })),
  store: { kind: 'pglite', bytes: 4.1e8, budgetBytes: 2_147_483_648 },
  residentBytes: 2.9e8,
});
const models =
  bad.length === 0
    ? []
    : [
        {
          id: 'm1',
          kind: 'joint',
          version: new Date(start - HOUR).toISOString(),
          scope: 'host',
          state: 'champion',
          trainedFrom: start - 40 * 24 * HOUR,
          trainedTo: start - HOUR,
          metrics: { rows: 120_400, features: 14, entities: 17, members: 4 },
          reason: 'schedule',
          createdAt: start - HOUR,
        },
        {
          id: 'm0',
          kind: 'joint',
          version: new Date(start - 25 * HOUR).toISOString(),
          scope: 'host',
          state: 'retired',
          trainedFrom: start - 41 * 24 * HOUR,
          trainedTo: start - 25 * HOUR,
          metrics: { rows: 118_020, features: 14, entities: 17, members: 4 },
          reason: 'first',
          createdAt: start - 25 * HOUR,
        },
      ];
const fixtures = createModelFixtures({ start, bare: bad.length === 0 });
const audit = [
  { id: 'x1', time: start - 7 * HOUR, actor: 'ana', verb: 'approve', target: 'run/r0', detail: {} },
  { id: 'x2', time: start - 30 * HOUR, actor: 'ana', verb: 'change', target: 'settings', detail: {} },
];

const page = (items, next = null) => ({ items, next });
const detail = (id) => {
  const incident = incidents.find((one) => one.id === id);
  if (incident === undefined) return null;
  const i = incidents.indexOf(incident);
  return {
    incident,
    anomalies: anomalies.filter(({ entity }) => incident.entities.includes(entity)),
    predictions: predictions.filter(({ entity }) => entity === incident.root),
    recommendation: {
      id: `rec-${i}`,
      incident: id,
      fleet: 'default',
      time: start - 9 * MINUTE,
      policy: { kind: 'beta', version: '1' },
      reason: phrase('correlate.rootOnly'),
      actions: ACTIONS.map((action, rank) => ({
        action: action.id,
        title: action.title,
        entity: incident.root,
        rank: rank + 1,
        probability: [0.78, 0.41, 0.5][rank],
        low: [0.6, 0.18, 0.1][rank],
        high: [0.91, 0.66, 0.9][rank],
        tried: [7, 3, 0][rank],
        resolved: [5, 1, 0][rank],
        propensity: 0.9,
        mode: action.mode,
        blocked: rank === 2 ? phrase('correlate.stale', { seconds: 3600 }) : null,
        disruption: action.disruption,
        disruptionMinutes: [0.5, 2, 0][rank],
        reasons: [phrase('correlate.rootStrongest')],
      })),
      similar: fixtures.similar(ACTIONS),
      considered: fixtures.considered,
    },
    runs: runs.filter(({ incident: of }) => of === id),
    outcomes,
    events: eventsOf(incident.root),
    feedback: [],
  };
};

const silences = [
  {
    id: 's1',
    kind: 'maintenance',
    match: { entity: 'host/web-1', below: true },
    from: start - HOUR,
    to: start + 45 * MINUTE,
    why: 'new disks',
    by: 'ana',
    state: 'active',
  },
  {
    id: 's2',
    kind: 'silence',
    match: { kind: 'pod', anomaly: 'variance' },
    from: start - 3 * HOUR,
    to: start + 26 * HOUR,
    why: 'noisy since the last release, is being looked at',
    by: 'luis',
    state: 'active',
  },
  {
    id: 's3',
    kind: 'maintenance',
    match: { entity: 'database/*' },
    from: start + 5 * HOUR,
    to: start + 7 * HOUR,
    why: 'major upgrade',
    by: 'ana',
    state: 'scheduled',
  },
  {
    id: 's4',
    kind: 'silence',
    match: { entity: 'service/orders' },
    from: start - 50 * HOUR,
    to: start - 49 * HOUR,
    why: 'load test',
    by: 'luis',
    state: 'over',
    endedBy: 'luis',
  },
].map((one) => ({ endedBy: null, event: null, createdAt: one.from, updatedAt: one.from, ...one }));

const alerting = () => ({
  pots: [
    { pot: 'fleet', line: 'pages', limit: 2, used: mood === 'storm' ? 2 : 1, windowSeconds: 86_400 },
    { pot: 'fleet', line: 'warnings', limit: 20, used: 7, windowSeconds: 86_400 },
    { pot: 'service=payments', line: 'pages', limit: 5, used: 0, windowSeconds: 86_400 },
  ],
  thresholds: [
    {
      pots: { pages: 'fleet', warnings: 'fleet' },
      warning: 0.0000316,
      critical: 0.00000147,
      how: { pages: 'solved', warnings: 'tightest' },
      days: 21,
      check: { alerts: { pages: 4, warnings: 31 }, kept: true },
      solvedAt: start - 22 * MINUTE,
    },
  ],
  noise: {
    since: start - 7 * 24 * HOUR,
    items: [
      {
        scope: { level: 'entity', value: 'host/web-3' },
        feature: 'hwmon_temp_celsius{chip="0"}',
        pages: 5.5,
        warnings: 9,
        falseAlarms: 1,
        share: 0.43,
        limit: { warning: 1e-7, critical: 2e-9 },
      },
      {
        scope: { level: 'kind', value: 'pod' },
        feature: 'restarts_total',
        pages: 0,
        warnings: 12.5,
        falseAlarms: 3,
        share: 0.09,
        limit: null,
      },
    ],
  },
});

const LINES = [
  ['error', 'connection refused by pg-0.internal:5432 after 3 retries', { logger: 'orders.db', trace: '7f1a9c' }],
  ['info', 'order 1034 accepted for customer 7238', { took: '44ms' }],
  ['warn', 'slow query took 850 ms on orders_idx', {}],
  ['fatal', 'could not write block 8812 of relation base/16384/2619: No space left on device', {}],
];
const logs = (search) =>
  mood === 'learning'
    ? []
    : Array.from({ length: 12 }, (_, i) => ({
        id: `l${i}${search.get('entity')}`,
        entity: search.get('entity'),
        fleet: 'default',
        time: start - i * 47_000,
        level: LINES[i % 4][0],
        text: LINES[i % 4][1],
        attributes: LINES[i % 4][2],
        source: 'logs/shop',
        template: `t${i % 4}`,
      })).filter(({ text, level }) => {
        const order = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
        return (
          text.includes(search.get('search') ?? '') &&
          order.indexOf(level) >= order.indexOf(search.get('atLeast') ?? 'trace')
        );
      });
const concerned = (i, more = {}) => ({
  incident: `inc-${i % 2}`,
  title: phrase('correlate.sign_spike', { feature: 'host_load1', entity: 'host/web-3' }),
  root: 'host/web-3',
  openedAt: start - (i + 1) * 31 * HOUR,
  severity: i % 3 === 0 ? 'critical' : 'warning',
  confirmed: false,
  why: null,
  ...more,
});
const preview = (body) => ({
  summary:
    body.verdict === 'missed'
      ? phrase('feedback.previewLabel')
      : phrase('feedback.previewRemoves', { removed: 14, alike: 20, lost: 1 }),
  rule: null,
  adopts: [],
  since: start - 30 * 24 * HOUR,
  alike: 20,
  removed: 14,
  lost: 1,
  added: 0,
  complete: true,
  alerts: {
    removed:
      body.verdict === 'missed'
        ? []
        : Array.from({ length: 14 }, (_, i) => concerned(i, { incident: `x${i}`, confirmed: i === 0 })),
    kept: body.verdict === 'missed' ? [] : [concerned(3, { why: phrase('feedback.staysStronger') })],
  },
});
const said = [];

function answer(url, method, body) {
  const path = url.pathname.replace('/api/v1/', '').split('/').map(decodeURIComponent);
  const [room, a, b, c] = path;
  const search = url.searchParams;
  if (method === 'POST' && room === 'runs') {
    if (a === undefined)
      return run(body.dryRun ? 'dry' : 'r9', body.dryRun ? 'dry_run' : 'awaiting_approval', {
        action: body.action,
        entity: body.entity,
      });
    const target = runs.find(({ id }) => id === a) ?? run('r9', 'running');
    Object.assign(
      target,
      b === 'approve'
        ? { state: 'running', decidedBy: 'you', startedAt: Date.now() }
        : { state: 'rejected', decidedBy: 'you' },
    );
    return target;
  }
  if (method === 'POST' && room === 'feedback' && a === 'preview') return preview(body);
  if (method === 'POST' && room === 'feedback') {
    said.push({
      note: '',
      rule: { effect: 'quieter', until: null },
      id: `f${said.length}`,
      by: 'you',
      time: Date.now(),
      ...body,
    });
    return said.at(-1);
  }
  if (method === 'DELETE' && room === 'feedback') return said.splice(0)[0];
  if (room === 'feedback') return page(said.filter(({ targetId }) => targetId === search.get('targetId')));
  if (room === 'silences' && a !== undefined) {
    const found = silences.find(({ id }) => id === a);
    if (method === 'DELETE') Object.assign(found, { state: 'over', to: Date.now(), endedBy: 'you' });
    return { ...found, overlaps: a === 's1' ? ['s2'] : [] };
  }
  if (room === 'silences') {
    return page(
      silences.filter(
        ({ state, match }) =>
          state === search.get('state') && (search.get('entity') === null || match.entity === search.get('entity')),
      ),
    );
  }
  if (room === 'alerting') return alerting();
  if (room === 'logs') return a === 'patterns' ? page([]) : page(logs(search));
  if (room === 'anomalies' && b === 'similar') {
    return {
      items: [0, 1].map((i) => ({
        anomaly: { ...closedAnomaly('host/web-0'), id: `old${i}`, start: start - (i + 2) * 40 * HOUR },
        similarity: 0.94 - i * 0.2,
        incident: 'inc-0',
        verdict: i === 0 ? 'real' : null,
        outcome: i === 0 ? { action: 'clean-data', verdict: 'resolved' } : null,
      })),
    };
  }
  if (c === 'neighbours') {
    return page(
      count < 20
        ? []
        : [
            ['service/orders', 1, 'used_by'],
            ['service/cart', 1, 'used_by'],
            ['database/pg-0', 1, 'depends_on'],
            ['host/web-1', 2, 'sibling'],
            ['pod/shop/cart-2', 2, 'used_by'],
          ].map(([entity, distance, relation]) => ({ entity, distance, relation })),
    );
  }
  if (method === 'PUT' && room === 'settings') return Object.assign(settings, body);
  switch (room) {
    case 'overview':
      return overview();
    case 'entities':
      if (a === undefined) {
        const found = entities.filter(({ id }) => id.includes(search.get('search') ?? ''));
        const from = Number(search.get('cursor') ?? 0);
        const limit = Number(search.get('limit') ?? 100);
        return page(found.slice(from, from + limit), from + limit < found.length ? String(from + limit) : null);
      }
      if (c === 'features') return page(featureViews(`${a}/${b}`));
      if (c === 'chart') return chart(`${a}/${b}`, search);
      return entities.find(({ id }) => id === `${a}/${b}`) ?? null;
    case 'anomalies':
      return page([
        ...anomalies.filter(({ entity }) => entity === search.get('entity')),
        ...(anomalies.length > 0 && search.get('open') === null ? [closedAnomaly(search.get('entity'))] : []),
      ]);
    case 'failures':
      return page(
        search.get('entity') === bad[0]?.id
          ? [
              {
                id: 'f1',
                entity: bad[0].id,
                kind: 'target_down',
                start: start - 26 * HOUR,
                end: start - 25.8 * HOUR,
                source: 'scrape',
                note: '',
              },
            ]
          : [],
      );
    case 'events':
      return page(mood === 'learning' ? [] : eventsOf(search.get('entity')));
    case 'policies':
      return fixtures.policies();
    case 'automation':
      return a === 'ladder' ? page(fixtures.ladder()) : fixtures.automation(mood === 'storm');
    case 'value':
      return fixtures.value(Number(search.get('from')), Number(search.get('to')));
    case 'predictions':
      if (a === 'cone') return fixtures.cone();
      return page(
        [...predictions, ...closedPredictions].filter(
          ({ entity }) => search.get('entity') === null || entity === search.get('entity'),
        ),
      );
    case 'incidents':
      return a === undefined ? page(incidents.filter(({ state }) => state === search.get('state'))) : detail(a);
    case 'approval-links':
      return {
        run: run('r1', 'awaiting_approval'),
        title: { en: 'Delete old exports', es: 'Borrar exportaciones antiguas' },
        disruption: 'low',
        channel: 'chat',
        role: 'operator',
        needs: a === 'weak' ? 'admin' : 'operator',
        mayApprove: a !== 'weak',
        expiresAt: start + 21 * MINUTE,
      };
    case 'runs':
      return page(runs);
    case 'actions':
      return page(count === 0 ? [] : ACTIONS);
    case 'outcomes':
      return page(outcomes);
    case 'sources':
      return page(count === 0 ? [] : sources());
    case 'models':
      if (a === 'learning') return fixtures.learning;
      if (b === 'report') return fixtures.report(a);
      if (a !== undefined) return fixtures.failureModels.find(({ id }) => id === a) ?? null;
      return page([...fixtures.failureModels, ...models]);
    case 'status':
      return status();
    case 'settings':
      return settings;
    case 'audit':
      return page(count === 0 ? [] : audit);
    case 'quality':
      return a === 'entity' ? qualities.detail(search.get('entity')) : page(qualities.list());
    case 'dead-letters':
      return page(
        mood === 'storm'
          ? [
              {
                id: 'd1',
                topic: 'samples',
                group: 'prepare',
                key: ids[0],
                reason: 'value out of range in series host_load1',
                attempts: 3,
                time: start - HOUR,
                payload: '{}',
              },
            ]
          : [],
      );
    default:
      return null;
  }
}

const problem = (status, code, text) => ({ type: 'about:blank', title: text, status, detail: text, code, values: {} });
const { dist } = options;
const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const json = (response, status, value) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
};

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (!url.pathname.startsWith('/api/')) {
    const wanted = join(dist, decodeURIComponent(url.pathname));
    const file = extname(wanted) !== '' && existsSync(wanted) ? wanted : join(dist, 'index.html');
    response.writeHead(200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'none'",
    });
    createReadStream(file).pipe(response);
    return;
  }
  if (mood === 'error')
    return json(
      response,
      503,
      problem(503, 'STORE_UNAVAILABLE', 'The database cannot be reached: timeout. It is tried again.'),
    );
  if (mood === 'denied')
    return json(
      response,
      401,
      problem(
        401,
        'API_UNAUTHORIZED',
        'A token is needed. Send it as "Authorization: Bearer …"; make one with `vigia token`.',
      ),
    );
  if (url.pathname.endsWith('/stream')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': hello\n\n');
    const timer = setInterval(
      () =>
        response.write(
          `data: ${JSON.stringify({ type: 'entity', id: ids[0] ?? '', entity: ids[0] ?? null, severity: null, time: Date.now() })}\n\n`,
        ),
      5000,
    );
    request.on('close', () => clearInterval(timer));
    return;
  }
  let text = '';
  request.on('data', (chunk) => (text += chunk));
  request.on('end', () => {
    const value = answer(url, request.method, text === '' ? {} : JSON.parse(text));
    json(response, value === null ? 404 : 200, value ?? problem(404, 'NOT_FOUND', `There is no "${url.pathname}".`));
  });
});
server.listen(Number(options.port), '127.0.0.1', () =>
  process.stdout.write(`http://127.0.0.1:${options.port} ${count} ${mood}\n`),
);
