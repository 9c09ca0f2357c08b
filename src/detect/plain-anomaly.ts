import type { Anomaly } from '../model/anomaly.ts';
import type { Frame } from '../model/frame.ts';
import { stableId } from '../runtime/ids.ts';

/** What there is to say of an anomaly that was found without a score: something did not come, or came for the first time. */
type Said = Pick<Anomaly, 'start' | 'kind' | 'severity' | 'severityReason' | 'contributions' | 'pValue'> & {
  readonly kindReason: NonNullable<Anomaly['kindReason']>;
};

/** Such an anomaly, open; it keeps the moment at which it was first told. `what` tells those of one entity apart. */
export const plainAnomaly = (frame: Frame, what: string, said: Said, told: Anomaly | null): Anomaly => ({
  ...said,
  id: stableId('anomaly', frame.entity, what, said.start),
  entity: frame.entity,
  fleet: frame.fleet,
  end: null,
  openedAt: told?.openedAt ?? frame.closedAt,
  score: 1,
  frames: 0,
  members: null,
  ending: null,
  provisional: false,
  heldBack: null,
  updatedAt: frame.time + frame.stepMs,
});
