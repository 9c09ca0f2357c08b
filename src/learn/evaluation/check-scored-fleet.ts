import { createRandom } from '../../ml/random.ts';
import type { ScoredEntity } from './scored.ts';

/** Length of a scored fleet's time, a row a day. */
export const DAYS = 200;

/** Machines that fail now and then; what was said rises before a failure, and is wrong for a share of the rows. */
export function scoredFleet(seed: number, { noise = 0.2, entities = 40 } = {}): ScoredEntity[] {
  const random = createRandom(seed);
  return Array.from({ length: entities }, (_, index) => {
    const failures: { time: number; kind: string }[] = [];
    for (let day = 5; day < DAYS; day++) if (random.next() < 0.02) failures.push({ time: day + 0.5, kind: 'disk' });
    const times = Float64Array.from({ length: DAYS }, (_, day) => day);
    const probabilities = Float64Array.from(times, (day) => {
      const soon = failures.some(({ time }) => time > day && time <= day + 5);
      return random.next() < noise === soon ? 0.05 + 0.2 * random.next() : 0.6 + 0.3 * random.next();
    });
    return { entity: `e${index}`, times, probabilities, failures, observedTo: DAYS };
  });
}
