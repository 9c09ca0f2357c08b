import type { Labels } from '../../model/labels.ts';
import type { ToldEvent } from '../../model/told-event.ts';
import type { KubernetesObject } from '../../runtime/kubernetes/kubernetes-object.ts';
import { field, list, text } from '../json-fields.ts';
import { SOURCE, timeOf, writtenAt } from './read.ts';

interface Condition {
  readonly bad: boolean;
  readonly at: number;
  readonly message: string;
}

/** What is kept of a node. */
export interface NodeFacts {
  readonly uid: string;
  readonly labels: Labels;
  readonly conditions: ReadonlyMap<string, Condition>;
  readonly cordoned: boolean;
  /** When its description was last written. */
  readonly changedAt: number;
}

/** Conditions that are good when they are True; all others are good when they are not. */
const GOOD = new Set(['Ready']);
const MAX_CONDITIONS = 50;

/** `MemoryPressure` as `memory_pressure`. */
export const snakeCase = (word: string): string =>
  word.replace(/([a-z0-9])([A-Z])|([A-Z]+)(?=[A-Z][a-z])/g, '$1$3_$2').toLowerCase();

export function nodeFacts(node: KubernetesObject): NodeFacts | null {
  const { name = '', uid = '' } = node.metadata;
  if (name === '') return null;
  const conditions = list(node, 'status', 'conditions').slice(0, MAX_CONDITIONS);
  return {
    uid,
    labels: { node: name },
    changedAt: writtenAt(node, ['f:spec']),
    cordoned: field(node, 'spec', 'unschedulable') === true,
    conditions: new Map(
      conditions.map((condition) => {
        const type = text(condition, 'type');
        const status = text(condition, 'status');
        const at = timeOf(text(condition, 'lastTransitionTime'));
        const bad = GOOD.has(type) ? status !== 'True' : status === 'True';
        return [type, { bad, at, message: text(condition, 'message') }];
      }),
    ),
  };
}

/** Nodes that are not ready, are short of something, or were closed for new pods; and when that is over. */
export function nodeChanges(
  before: NodeFacts | undefined,
  after: NodeFacts | undefined,
  now: number,
): readonly ToldEvent[] {
  if (after === undefined) return [];
  const base = { source: SOURCE, labels: after.labels };
  const conditions = [...after.conditions].flatMap(([type, { bad, at, message }]): ToldEvent[] => {
    if (bad === (before?.conditions.get(type)?.bad ?? false)) return [];
    const ready = GOOD.has(type);
    const name = ready ? `node_${bad ? 'not_ready' : 'ready'}` : `node_${snakeCase(type)}${bad ? '' : '_over'}`;
    const severity = bad ? (ready ? 'critical' : 'warning') : 'info';
    return [{ ...base, identity: [SOURCE, after.uid, name, at], time: at, name, severity, text: message }];
  });
  if (before === undefined || before.cordoned === after.cordoned) return conditions;
  const name = after.cordoned ? 'cordon' : 'uncordon';
  const time = after.changedAt === 0 ? now : after.changedAt;
  return [
    ...conditions,
    { ...base, identity: [SOURCE, after.uid, name, time], time, name, severity: 'info', text: '' },
  ];
}
