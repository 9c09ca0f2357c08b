import type { Feature, Frame } from '../model/frame.ts';
import { internLayout } from '../model/layout.ts';
import type { SampleBatch } from '../model/series.ts';
import { type DeadLetter, type Topic, topics } from '../model/topics.ts';
import { VigiaError } from '../runtime/errors.ts';
import type { Bus } from './bus.ts';
import { MAX_LETTER_ITEMS } from './dead-letter.ts';
import { decodeJson } from './encoding/json.ts';

type Raw = Readonly<Record<string, unknown>>;

/** Numbers that JSON has no way to write stand there as text. */
function numbers(raw: unknown): readonly number[] {
  if (!Array.isArray(raw) || raw.length >= MAX_LETTER_ITEMS) throw new Error('a column is missing or was cut');
  return raw.map((value) => (typeof value === 'number' ? value : Number(value)));
}

function samplesOf(raw: Raw): SampleBatch {
  const [times, values] = [numbers(raw['times']), numbers(raw['values'])];
  const series = raw['series'];
  if (!Array.isArray(series) || series.length !== times.length || values.length !== times.length)
    throw new Error('columns of unlike length');
  return {
    ...(raw as unknown as SampleBatch),
    times: Float64Array.from(times),
    values: Float64Array.from(values),
  };
}

function frameOf(raw: Raw): Frame {
  const { features } = raw['layout'] as { readonly features: readonly Feature[] };
  return {
    ...(raw as unknown as Frame),
    layout: internLayout(features),
    values: Float32Array.from(numbers(raw['values'])),
    derived: Float32Array.from(numbers(raw['derived'])),
  };
}

function valueOf({ topic, payload }: DeadLetter): unknown {
  if (topic !== topics.samples.name && topic !== topics.frames.name) return decodeJson(topic, Buffer.from(payload));
  const raw = JSON.parse(payload) as Raw;
  return topic === topics.samples.name ? samplesOf(raw) : frameOf(raw);
}

/**
 * Sends what a dead letter holds to its topic again. Whoever had processed it already does so once more, which changes
 * nothing. Throws `LETTER_UNREADABLE` when the letter holds less than the message did, or no message at all.
 */
export async function sendLetterAgain(bus: Bus, letter: DeadLetter): Promise<void> {
  const topic = Object.values<Topic<unknown>>(topics).find(({ name }) => name === letter.topic);
  let value: unknown;
  try {
    if (topic === undefined) throw new Error('there is no such topic');
    value = valueOf(letter);
    if (typeof value !== 'object' || value === null || 'unreadable' in value || 'base64' in value)
      throw new Error('it could not be read when it came');
  } catch (thrown) {
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    throw new VigiaError('LETTER_UNREADABLE', { id: letter.id, detail }, thrown);
  }
  await bus.publish(topic, [{ key: letter.key, value }]);
}
