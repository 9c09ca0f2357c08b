import type { Bus } from '../bus/bus.ts';
import type { Anomaly, AnomalyKind } from '../model/anomaly.ts';
import type { DetectorFactory } from '../model/detector.ts';
import type { EntityId } from '../model/entity.ts';
import type { FailureDefinition } from '../model/failure-definition.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Store } from '../store/store.ts';
import type { WatchSettings } from './entity-watch.ts';
import type { FleetModelsDeps } from './fleet-models.ts';
import type { AlertBudget, SeverityThresholds } from './severity.ts';

interface DetectOptions {
  readonly stepMs: number;
  /** What holds for an entity and, when it is asked of an anomaly, for its kind; `mute` keeps it from being reported. */
  readonly settingsOf: (entity: EntityId, kind?: AnomalyKind) => WatchSettings & { readonly mute: boolean };
  /** The budget in force; asked each time, for it may change while it runs. */
  readonly alertBudget: () => AlertBudget;
  /** Thresholds for an entity, one of so many, and a kind of anomaly; default: by a formula from the budget. */
  readonly thresholds?: (entity: EntityId, entities: number, kind?: AnomalyKind) => SeverityThresholds;
  /** How many entities are watched by everybody; default: as many as here. */
  readonly population?: () => number;
  /** Last word before an anomaly is told: lowers or raises its severity, for what people said or for its feature's noise. */
  readonly review?: (anomaly: Anomaly) => Anomaly;
  /** What the owner calls a failure: what is abnormal and near to one is critical. */
  readonly failures?: readonly FailureDefinition[];
  /** An anomaly that lasts longer becomes the new normal; default 6 hours. */
  readonly adoptMs?: number;
  /** IANA name: whose days and weeks the seasonal residual learns. UTC by default. */
  readonly timezone?: string;
  readonly seed?: number;
  /** Default: the residual detector. */
  readonly detector?: (settings: WatchSettings) => DetectorFactory;
  /** How joint models are read, and under which kind the registry has them; without it there are none. */
  readonly joint?: Pick<FleetModelsDeps, 'kind' | 'load'>;
}

export interface DetectDeps {
  readonly bus: Bus;
  readonly store: Pick<Store, 'frames' | 'anomalies' | 'checkpoints' | 'models' | 'events'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly options: DetectOptions;
}
