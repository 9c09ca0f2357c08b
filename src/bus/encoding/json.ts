import { Ajv, type ValidateFunction } from 'ajv';
import type { TSchema } from 'typebox';
import { Outcome, Recommendation } from '../../model/action.ts';
import { Anomaly } from '../../model/anomaly.ts';
import { Event } from '../../model/event.ts';
import { Incident } from '../../model/incident.ts';
import { LogRecord } from '../../model/log-record.ts';
import { Prediction } from '../../model/prediction.ts';
import { topics } from '../../model/topics.ts';

/** What travels as JSON, by topic. Fields that a schema does not name pass: a newer writer may have more to say. */
const SCHEMAS: ReadonlyMap<string, TSchema> = new Map<string, TSchema>([
  [topics.logs.name, LogRecord],
  [topics.events.name, Event],
  [topics.anomalies.name, Anomaly],
  [topics.predictions.name, Prediction],
  [topics.incidents.name, Incident],
  [topics.recommendations.name, Recommendation],
  [topics.outcomes.name, Outcome],
]);

const ajv = new Ajv({ strict: false });
/** Compiled when a topic is first read: no process reads them all. */
const compiled = new Map<string, ValidateFunction>();

function validatorOf(topic: string): ValidateFunction | null {
  const schema = SCHEMAS.get(topic);
  if (schema === undefined) return null;
  let validate = compiled.get(topic);
  if (validate === undefined) {
    validate = ajv.compile(schema);
    compiled.set(topic, validate);
  }
  return validate;
}

export const encodeJson = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** Throws when it is not JSON, or not what travels on this topic. */
export function decodeJson(topic: string, bytes: Uint8Array): unknown {
  const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  const validate = validatorOf(topic);
  if (validate !== null && !validate(value)) throw new Error(ajv.errorsText(validate.errors, { dataVar: 'value' }));
  return value;
}
