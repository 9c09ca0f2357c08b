import { RULES } from '../world.ts';
import type { Arm, ArmRecord } from './run-arm.ts';
import { type FaultRecord, type Sign, unavailability } from './tally.ts';

/** An arm in figures. Shares are 0 to 1. */
export interface ArmReport {
  readonly scenario: string;
  readonly seed: number;
  readonly arm: Arm;
  readonly policy: string | null;
  readonly faults: number;
  readonly requests: number;
  readonly unavailability: number;
  /** How many times over the error budget of an objective of 99.5 % was spent in this time. */
  readonly budgetBurnt: number;
  readonly actions: {
    readonly helps: number;
    readonly useless: number;
    readonly harms: number;
    readonly refused: number;
  };
  /** Faults that were predicted before users noticed, of those that can be and they did notice; null where nobody watched. */
  readonly predicted: { readonly of: number; readonly predicted: number; readonly medianLead: number | null } | null;
  readonly quietS: number;
  readonly quietPredictions: number;
  readonly byFault: readonly {
    readonly kind: string;
    readonly at: string;
    readonly unavailability: number;
    readonly visibleS: number | null;
    readonly firstSignS: number | null;
    readonly actions: readonly string[];
  }[];
}

const OBJECTIVE = 0.995;

const touches = ({ plan }: FaultRecord, { entity }: Sign): boolean =>
  entity === `service/${plan.service}` || entity.startsWith(`replica/${plan.service}-`);

/** When something on the faulty service was first said, s after the fault began; null when it never was. */
export function firstSign(fault: FaultRecord, kinds: readonly Sign['kind'][]): number | null {
  const found = fault.signs.filter((sign) => kinds.includes(sign.kind) && touches(fault, sign));
  return found.length === 0 ? null : Math.min(...found.map(({ atS }) => atS));
}

const median = (values: readonly number[]): number | null =>
  values.length === 0 ? null : (values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? null);

/**
 * Predicted is what was said before users noticed, of what they did notice. In the arm that does nothing: where something is
 * done in time they notice nothing, and nobody knows whether they would have.
 */
export function predictedOf(
  faults: readonly FaultRecord[],
  precursor: (fault: FaultRecord) => boolean,
): { readonly of: number; readonly predicted: number; readonly medianLead: number | null } {
  const leads = faults.filter(precursor).flatMap((fault) => {
    const { visibleS: visible } = fault;
    if (visible === null) return [];
    const said = firstSign(fault, ['prediction']);
    return [said === null || said >= visible ? null : (visible - said) / fault.plan.growthS];
  });
  const early = leads.filter((lead) => lead !== null);
  return { of: leads.length, predicted: early.length, medianLead: median(early) };
}

export function reportArm(record: ArmRecord, precursor: (fault: FaultRecord) => boolean): ArmReport {
  const { faults, arm } = record;
  const lost = unavailability(faults);
  const actions = faults.flatMap((fault) => fault.actions);
  const done = (fitness: string): number => actions.filter((one) => one.ok && one.fitness === fitness).length;
  return {
    scenario: record.scenario,
    seed: record.seed,
    arm,
    policy: record.policy,
    faults: faults.length,
    requests: faults.reduce((sum, fault) => sum + fault.requests, 0),
    unavailability: lost,
    budgetBurnt: lost / (1 - OBJECTIVE),
    actions: {
      helps: done('helps'),
      useless: done('useless'),
      harms: done('harms'),
      refused: actions.filter(({ ok }) => !ok).length,
    },
    predicted: arm === 'static' ? null : predictedOf(faults, precursor),
    quietS: record.quietS,
    quietPredictions: record.quietSigns.filter(({ kind }) => kind === 'prediction').length,
    byFault: faults.map((fault) => ({
      kind: fault.plan.kind,
      at: fault.plan.replica === null ? fault.plan.service : `${fault.plan.service}-${fault.plan.replica}`,
      unavailability: unavailability([fault]),
      visibleS: fault.visibleS,
      firstSignS: firstSign(fault, ['prediction', 'anomaly', 'incident']),
      actions: fault.actions.map(
        ({ atS, action, entity, fitness }) => `${atS.toFixed(0)} s ${action} ${entity} ${fitness}`,
      ),
    })),
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const at = (seconds: number | null): string => (seconds === null ? '-' : `${seconds.toFixed(0)} s`);

/** The report as text that fits a terminal. */
export function reportText(report: ArmReport): string {
  const { actions, predicted } = report;
  const head = [
    `${report.scenario}, arm ${report.arm}, seed ${report.seed}: ${report.faults} faults, ${report.requests} requests`,
    ...(report.policy === null ? [] : [`policy           ${report.policy}, trained before and frozen`]),
    `unavailability   ${percent(report.unavailability)} (failed, or slower than ${RULES.slowMs / 1000} s)`,
    `error budget     ${report.budgetBurnt.toFixed(1)} times that of 99.5 %`,
    `actions          ${actions.helps} that help, ${actions.useless} of no use, ${actions.harms} that harm, ${actions.refused} refused`,
    ...(predicted === null
      ? []
      : [
          `predicted        ${predicted.predicted} of ${predicted.of} faults with a precursor, before users noticed`,
          `quiet            ${report.quietPredictions} predictions in ${report.quietS} s without a fault`,
        ]),
  ];
  const rows = report.byFault.map(({ kind, at: where, unavailability: lost, visibleS, firstSignS, actions: done }) =>
    [
      `${kind.padEnd(17)} ${where.padEnd(12)} lost ${percent(lost).padStart(8)}`,
      `  noticed by users ${at(visibleS).padStart(6)}  first sign ${at(firstSignS).padStart(6)}`,
      ...(done.length === 0 ? [] : [`  ${done.join(', ')}`]),
    ].join(''),
  );
  return `${[...head, '', ...rows].join('\n')}\n`;
}
