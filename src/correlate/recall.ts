import type { Incident } from '../model/incident.ts';
import type { Store } from '../store/store.ts';
import { anomalySignal, predictionSignal, type Signal } from './signal.ts';

/** Signs fetched for one restored incident; of more the oldest are taken to be over. */
const MAX_SIGNS = 1000;
/** Open signs that are grouped on a start; what is open beyond is said again by whoever found it. */
const MAX_OPEN = 5000;

type Findings = Pick<Store, 'anomalies' | 'predictions'>;

/** The signs of a stored incident, as they are now. */
export async function recallSigns(
  { anomalies, predictions }: Findings,
  incident: Incident,
  holdMs: number,
): Promise<readonly Signal[]> {
  const [found, foreseen] = await Promise.all([
    anomalies.some(incident.anomalies.slice(0, MAX_SIGNS)),
    Promise.all(incident.predictions.slice(0, MAX_SIGNS).map((id) => predictions.get(id))),
  ]);
  return [
    ...found.map(anomalySignal),
    ...foreseen.flatMap((prediction) => (prediction === null ? [] : [predictionSignal(prediction, holdMs)])),
  ];
}

/** Every open sign, in the order in which they began. */
export async function signsInMind({ anomalies, predictions }: Findings, holdMs: number): Promise<readonly Signal[]> {
  const [found, foreseen] = await Promise.all([anomalies.open(MAX_OPEN), predictions.open(MAX_OPEN)]);
  const signals = [...found.map(anomalySignal), ...foreseen.map((prediction) => predictionSignal(prediction, holdMs))];
  return signals.sort((a, b) => a.start - b.start);
}
