import { isTree } from '../../runtime/kubernetes/kubernetes-object.ts';
import { field, list, text } from '../json-fields.ts';

/** Name of the source of all that is told here. */
export const SOURCE = 'kubernetes';

/** Unix ms of an RFC 3339 time; 0 when it is none. */
export function timeOf(written: string): number {
  const time = Date.parse(written);
  return Number.isFinite(time) ? time : 0;
}

/** When fields under a name were last written, by the record that the API server keeps; 0 when it has none. */
export function writtenAt(object: unknown, wanted: readonly string[]): number {
  const times = list(object, 'metadata', 'managedFields')
    .filter((entry) => {
      const fields = field(entry, 'fieldsV1');
      return isTree(fields) && wanted.some((name) => name in fields);
    })
    .map((entry) => timeOf(text(entry, 'time')));
  return Math.max(0, ...times);
}
