/**
 * Actions that ship with the product, as an owner would write them. `template: NAME` takes one over under its own id; what
 * stands beside it wins. None of them does anything by itself: the mode is that of `act` unless the owner sets one.
 */
const templates = {
  'restart-container': {
    title: { en: 'Restart the container', es: 'Reiniciar el contenedor' },
    match: { entityKinds: ['container'] },
    executor: 'docker',
    args: { container: '{entity.name:name}' },
    disruption: 'medium',
    risk: 'low',
    settle: '3m',
    cooldown: '30m',
    timeout: '1m',
    prior: { resolved: 2, failed: 2 },
  },
  'restart-unit': {
    title: { en: 'Restart the systemd unit', es: 'Reiniciar la unidad de systemd' },
    match: { entityKinds: ['unit', 'service'] },
    executor: 'systemd',
    args: { unit: '{entity.name:name}' },
    disruption: 'medium',
    risk: 'low',
    settle: '3m',
    cooldown: '30m',
    timeout: '2m',
    prior: { resolved: 2, failed: 2 },
  },
  'free-journal': {
    title: { en: 'Shorten the system journal', es: 'Recortar el registro del sistema' },
    match: { entityKinds: ['host'], failureKinds: ['capacity'], features: ['filesystem_used_bytes*'] },
    executor: 'command',
    args: { argv: ['journalctl', '--vacuum-size=500M'] },
    disruption: 'none',
    risk: 'low',
    settle: '2m',
    cooldown: '1h',
    timeout: '2m',
    prior: { resolved: 1, failed: 2 },
  },
  'call-webhook': {
    title: { en: 'Call the webhook', es: 'Llamar al webhook' },
    executor: 'webhook',
    args: { body: { entity: '{entity.id}', incident: '{incident.id}' } },
    disruption: 'low',
    risk: 'low',
    settle: '5m',
    cooldown: '30m',
    timeout: '30s',
    prior: { resolved: 1, failed: 1 },
  },
  'delete-pod': {
    title: { en: 'Delete the pod, so that it is made anew', es: 'Eliminar el pod para que se cree de nuevo' },
    match: { entityKinds: ['pod'] },
    executor: 'kubernetes',
    args: { do: 'deletePod', namespace: '{labels.namespace:name}', name: '{labels.pod:name}' },
    disruption: 'medium',
    risk: 'low',
    settle: '3m',
    cooldown: '15m',
    timeout: '2m',
    prior: { resolved: 2, failed: 2 },
  },
  'restart-deployment': {
    title: { en: 'Restart the deployment pod by pod', es: 'Reiniciar el despliegue pod a pod' },
    match: { entityKinds: ['deployment', 'service', 'pod'] },
    executor: 'kubernetes',
    args: {
      do: 'restart',
      kind: 'deployment',
      namespace: '{labels.namespace:name}',
      name: '{labels.deployment:name}',
    },
    disruption: 'low',
    risk: 'low',
    settle: '5m',
    cooldown: '30m',
    timeout: '10m',
    prior: { resolved: 2, failed: 2 },
  },
  'roll-back-deployment': {
    title: { en: 'Roll the deployment back', es: 'Volver a la versión anterior del despliegue' },
    match: { entityKinds: ['deployment', 'service', 'pod'], anomalyKinds: ['level_shift', 'spike', 'new_log_pattern'] },
    executor: 'kubernetes',
    args: { do: 'rollback', namespace: '{labels.namespace:name}', name: '{labels.deployment:name}' },
    disruption: 'medium',
    risk: 'high',
    settle: '5m',
    cooldown: '1h',
    timeout: '10m',
    prior: { resolved: 1, failed: 1 },
  },
  'scale-out-deployment': {
    title: { en: 'Add a replica to the deployment', es: 'Añadir una réplica al despliegue' },
    match: { entityKinds: ['deployment', 'service', 'pod'] },
    executor: 'kubernetes',
    args: {
      do: 'scale',
      kind: 'deployment',
      namespace: '{labels.namespace:name}',
      name: '{labels.deployment:name}',
      by: 1,
    },
    disruption: 'none',
    risk: 'low',
    settle: '5m',
    cooldown: '15m',
    timeout: '5m',
    prior: { resolved: 1, failed: 1 },
  },
  'cordon-node': {
    title: { en: 'Take no new pods on the node', es: 'No admitir pods nuevos en el nodo' },
    match: { entityKinds: ['host', 'node'] },
    executor: 'kubernetes',
    args: { do: 'cordon', node: '{labels.node:name}' },
    disruption: 'low',
    risk: 'low',
    settle: '5m',
    cooldown: '1h',
    timeout: '1m',
    prior: { resolved: 1, failed: 2 },
  },
  'drain-node': {
    title: { en: 'Move all pods off the node', es: 'Mover todos los pods fuera del nodo' },
    match: { entityKinds: ['host', 'node'] },
    executor: 'kubernetes',
    args: { do: 'drain', node: '{labels.node:name}' },
    disruption: 'high',
    risk: 'high',
    approver: 'admin',
    settle: '10m',
    cooldown: '6h',
    timeout: '30m',
    prior: { resolved: 1, failed: 1 },
  },
  'tell-somebody': {
    title: { en: 'Tell somebody', es: 'Avisar a alguien' },
    executor: 'notify',
    args: {
      severity: 'critical',
      title: { en: 'Please look at {entity.id}', es: 'Por favor, revisa {entity.id}' },
      about: 'incident {incident.id}',
    },
    disruption: 'none',
    risk: 'low',
    settle: '15m',
    cooldown: '1h',
    timeout: '30s',
    prior: { resolved: 1, failed: 1 },
  },
} as const satisfies Readonly<Record<string, object>>;

export type TemplateName = keyof typeof templates;
export const TEMPLATE_NAMES = Object.keys(templates) as readonly TemplateName[];

type Written = Readonly<Record<string, unknown>>;

const isWritten = (found: unknown): found is Written =>
  typeof found === 'object' && found !== null && !Array.isArray(found);

/** Sections that are put together part by part; everything else is taken as a whole. */
const TOGETHER: ReadonlySet<string> = new Set(['title', 'match', 'args', 'prior']);

/** What stands in for a template that does not exist, so that only its name is told to be wrong. */
const NOBODYS = { id: 'unknown', title: { en: '-', es: '-' }, executor: 'none' } as const;

function expand(entry: unknown): unknown {
  if (!isWritten(entry) || entry['template'] === undefined) return entry;
  const { template } = entry;
  const known = typeof template === 'string' && Object.hasOwn(templates, template);
  const base: Written = known ? { id: template, ...templates[template as TemplateName] } : NOBODYS;
  const parts = Object.entries(base).map(([name, given]) => {
    const own = entry[name];
    const together = TOGETHER.has(name) && isWritten(given) && isWritten(own);
    return [name, together ? { ...given, ...own } : (own ?? given)];
  });
  return { ...entry, ...Object.fromEntries(parts) };
}

/** The written configuration with every action that names a template put together with it. */
export function expandTemplates(value: unknown): unknown {
  if (!isWritten(value)) return value;
  const { actions } = value;
  return Array.isArray(actions) ? { ...value, actions: actions.map(expand) } : value;
}
