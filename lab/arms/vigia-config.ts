import {
  LAB_ACTIONS,
  type LabAction,
  ACTION_DISRUPTION,
  ACTION_TARGET,
  replicaName,
  SERVICES,
  TOPOLOGY,
} from '../world.ts';

/** What an owner of the lab would write into `vigia.yaml`; JSON is YAML too. */
export interface VigiaConfigOptions {
  /** Of the supervisor's admin interface. */
  readonly adminUrl: string;
  readonly logFolder: string;
  readonly dataFolder: string;
  readonly port: number;
  readonly mode: 'observe' | 'suggest' | 'approve' | 'auto';
  readonly language: 'en' | 'es';
}

/** Replicas that scaling may add have their logs followed too. */
const MOST_REPLICAS = 6;
const STEP = '2s';
/** A replica keeps its name wherever it stands, so addresses would only make names longer. */
const UNNAMED = [{ regex: 'instance', action: 'labeldrop' }];
/** A fault grows within a minute or so, elsewhere within a quarter of an hour or more. */
const PACE = 20;

interface Entry {
  readonly title: { readonly en: string; readonly es: string };
  /** For what an operator would think of it. */
  readonly features: readonly string[];
  /** What is believed of it there. */
  readonly prior: { readonly resolved: number; readonly failed: number };
}

const CATALOGUE: Readonly<Record<LabAction, Entry>> = {
  restart: {
    title: { en: 'Restart the replica', es: 'Reiniciar la réplica' },
    features: ['lab_heap_used_bytes*', 'process_open_fds*', 'lab_pool_stuck*', 'lab_clock_offset_seconds*'],
    prior: { resolved: 3, failed: 1 },
  },
  clear: {
    title: { en: 'Empty cache and disk of the replica', es: 'Vaciar la caché y el disco de la réplica' },
    features: ['lab_disk_used_bytes*', 'lab_event_loop_lag_seconds*'],
    prior: { resolved: 2, failed: 1 },
  },
  drain: {
    title: { en: 'Move the replica to another place', es: 'Mover la réplica a otro sitio' },
    features: ['lab_storage_seconds*', 'lab_errors_total{*downstream*'],
    prior: { resolved: 1, failed: 1 },
  },
  'roll-back-config': {
    title: { en: 'Roll back the settings', es: 'Volver a la configuración anterior' },
    features: ['lab_work_seconds*', 'lab_log_bytes_total*', 'log_*', 'event_*'],
    prior: { resolved: 3, failed: 1 },
  },
  'roll-back-version': {
    title: { en: 'Roll back the version', es: 'Volver a la versión anterior' },
    features: ['lab_restarts_total*', 'lab_replicas_up*', 'lab_version_info*', 'event_*', 'log_*'],
    prior: { resolved: 2, failed: 1 },
  },
  scale: {
    title: { en: 'Add two replicas', es: 'Añadir dos réplicas' },
    features: ['lab_slots_in_use*', 'lab_requests_total*'],
    prior: { resolved: 2, failed: 1 },
  },
  'shed-load': {
    title: {
      en: 'Refuse a third of the requests at the gateway',
      es: 'Rechazar un tercio de las peticiones en la entrada',
    },
    features: ['lab_requests_total*'],
    prior: { resolved: 1, failed: 4 },
  },
};

const actionOf = (action: LabAction, { adminUrl, mode }: VigiaConfigOptions) => {
  const { title, features, prior } = CATALOGUE[action];
  return {
    id: action,
    title,
    // Signs are mostly those of replicas; what is done to a service may be asked for by any of them.
    match: { entityKinds: ACTION_TARGET[action] === 'replica' ? ['replica'] : ['service', 'replica'], features },
    executor: 'webhook',
    args: {
      url: `${adminUrl}/actions/${action}`,
      headers: { 'X-Lab-By': 'vigia' },
      body: { entity: '{entity.id}' },
    },
    // What turns users away is for people to decide.
    mode: action === 'shed-load' && mode === 'auto' ? 'approve' : mode,
    disruption: ACTION_DISRUPTION[action],
    // Nobody starts anew what people are waiting in front of, for want of room.
    ...(action === 'restart' && { preconditions: [{ feature: 'lab_queue*', below: 2 }] }),
    timeout: '30s',
    prior,
  };
};

const topology = [
  ...SERVICES.flatMap((service) =>
    TOPOLOGY[service].calls.map((called) => ({ from: `service/${service}`, to: `service/${called}` })),
  ),
  ...SERVICES.flatMap((service) =>
    TOPOLOGY[service].calls.map((called) => ({ from: `replica/${service}-*`, to: `replica/${called}-*` })),
  ),
  ...SERVICES.map((service) => ({ from: `replica/${service}-*`, to: `service/${service}`, kind: 'part_of' })),
];

const limits = [
  ['lab_heap_used_bytes', 'lab_heap_limit_bytes'],
  ['process_open_fds', 'process_max_fds'],
  ['lab_pool_in_use', 'lab_pool_size'],
  ['lab_disk_used_bytes', 'lab_disk_limit_bytes'],
].map(([metric, feature]) => ({ metric, feature }));

const logs = (folder: string) =>
  SERVICES.flatMap((service) =>
    Array.from({ length: MOST_REPLICAS }, (_, i) => replicaName(service, i + 1)).map((replica) => ({
      name: replica,
      paths: [`${folder}/${replica}.log`],
      labels: { replica },
      from: 'start',
    })),
  );

/** Times are those of the lab: what takes hours elsewhere takes a minute here. */
export function vigiaConfig(options: VigiaConfigOptions): object {
  const { adminUrl, logFolder, dataFolder, port, language } = options;
  return {
    language,
    data: dataFolder,
    step: STEP,
    log: { level: 'warn' },
    api: { port },
    collect: {
      host: { enabled: false },
      scrape: [
        {
          name: 'lab',
          interval: STEP,
          timeout: '1s',
          discover: [{ http: `${adminUrl}/targets`, refresh: STEP }],
          metricRelabel: UNNAMED,
        },
        { name: 'supervisor', interval: STEP, timeout: '1s', targets: [`${adminUrl}/metrics`], metricRelabel: UNNAMED },
      ],
      logs: logs(logFolder),
    },
    entities: [
      { match: { replica: '*' }, kind: 'replica', name: '{replica}' },
      { match: { service: '*' }, kind: 'service', name: '{service}' },
      { match: { job: 'supervisor' }, kind: 'service', name: 'supervisor' },
    ],
    topology,
    limits,
    prepare: { lateness: '1s' },
    detect: { warmUp: 30, minimumDuration: '6s', adopt: '10m', pace: PACE },
    alertBudget: { pages: '200 per hour', warnings: '200 per hour' },
    correlate: { window: '30s', quiet: '20s', near: '30s', reopen: '30s', distance: 3 },
    predict: { horizons: ['1m', '2m', '5m'], every: '10s' },
    failures: [{ kind: 'down', entityKinds: ['replica'], when: { down: '6s' } }],
    actions: LAB_ACTIONS.map((action) => actionOf(action, options)),
    act: {
      cooldown: '30s',
      settle: '20s',
      actionCooldown: '5s',
      fleetCooldown: '3s',
      blastRadius: 0.5,
      disruptionPerDay: 1000,
      failuresInRow: 20,
      // Nothing is learnt or tried out while it is measured.
      learning: { explorationsPerDay: 0, promote: false },
    },
  };
}
