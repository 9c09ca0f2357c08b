import { ACTION_DISRUPTION, ACTION_TARGET, type LabAction } from './world.ts';

/** What an owner of the lab would think of an action. The real lab's configuration and the simulator both read it. */
export interface CatalogueEntry {
  readonly title: { readonly en: string; readonly es: string };
  /** For what it is thought of, what tells most first. */
  readonly features: readonly string[];
  /** What is believed of it there. */
  readonly prior: { readonly resolved: number; readonly failed: number };
}

export const CATALOGUE: Readonly<Record<LabAction, CatalogueEntry>> = {
  restart: {
    title: { en: 'Restart the replica', es: 'Reiniciar la réplica' },
    features: [
      'lab_heap_used_bytes',
      'process_open_fds',
      'lab_pool_in_use',
      'lab_pool_stuck',
      'lab_clock_offset_seconds',
    ],
    prior: { resolved: 3, failed: 1 },
  },
  clear: {
    title: { en: 'Empty cache and disk of the replica', es: 'Vaciar la caché y el disco de la réplica' },
    features: ['lab_disk_used_bytes', 'lab_event_loop_lag_seconds'],
    prior: { resolved: 2, failed: 1 },
  },
  drain: {
    title: { en: 'Move the replica to another place', es: 'Mover la réplica a otro sitio' },
    features: ['lab_storage_seconds', 'lab_errors_total', 'lab_request_seconds'],
    prior: { resolved: 1, failed: 1 },
  },
  'roll-back-config': {
    title: { en: 'Roll back the settings', es: 'Volver a la configuración anterior' },
    features: ['event_config_change'],
    prior: { resolved: 3, failed: 1 },
  },
  'roll-back-version': {
    title: { en: 'Roll back the version', es: 'Volver a la versión anterior' },
    features: ['event_deploy'],
    prior: { resolved: 2, failed: 1 },
  },
  scale: {
    title: { en: 'Add two replicas', es: 'Añadir dos réplicas' },
    // What is busy has no want of room yet, where nobody waits.
    features: ['lab_queue'],
    prior: { resolved: 2, failed: 1 },
  },
  'shed-load': {
    title: {
      en: 'Refuse a third of the requests at the gateway',
      es: 'Rechazar un tercio de las peticiones en la entrada',
    },
    features: ['lab_requests_total'],
    prior: { resolved: 1, failed: 4 },
  },
};

/** Kinds of entities that may ask for it: signs are mostly those of replicas, also of what is done to a service. */
export const askers = (action: LabAction): readonly string[] =>
  ACTION_TARGET[action] === 'replica' ? ['replica'] : ['service', 'replica'];

const LEAST_SURE = { none: 0.6, low: 0.6, medium: 0.8, high: 0.9 } as const;

/**
 * The chance of success from which on Vigía acts by itself: on what is more likely than not to help, and by some margin; at four to
 * one where a replica is taken away for a while, at nine to one where users are turned away.
 */
export const leastSure = (action: LabAction): number => LEAST_SURE[ACTION_DISRUPTION[action]];
