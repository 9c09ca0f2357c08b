import { MlError } from '../../ml/ml-error.ts';
import type { LstmModel } from '../../ml/neural-lstm.ts';
import { importLstm } from '../../ml/tensorflow-layers.ts';
import type { NetworkFiles } from '../../model/predictor.ts';
import type { Team } from './members.ts';

/** Bytes of the weights of one network: some 300 units; a wider one would hold up whoever else runs on the thread that asks it. */
const MOST_BYTES = 2 ** 21;

/**
 * Teams with other networks: one for each that is there, in the same order. Scaling is taken from the network before where a file
 * names none, as files do that TensorFlow.js has saved anew. Throws `ML_FORMAT` or `ML_TOO_LARGE`.
 */
export function withNetworks(teams: readonly Team[], networks: readonly NetworkFiles[]): Team[] {
  const known = teams.filter(({ lstm }) => lstm !== null).length;
  if (networks.length !== known || known === 0) {
    throw new MlError('ML_FORMAT', `the model has ${known} networks, ${networks.length} were given`);
  }
  const waiting = [...networks];
  return teams.map((team) => (team.lstm === null ? team : { ...team, lstm: inPlaceOf(team.lstm, waiting.shift()!) }));
}

function inPlaceOf({ parts, outputs }: LstmModel, files: NetworkFiles): LstmModel {
  if (files.weights.length > MOST_BYTES) {
    throw new MlError('ML_TOO_LARGE', `a network has ${files.weights.length} bytes of weights, at most ${MOST_BYTES}`);
  }
  const { steps, features, missingIndicators, scaling } = parts;
  const found = importLstm(files, { steps, scaling, missingIndicators });
  const same = (what: string, is: string | number, wanted: string | number): void => {
    if (is !== wanted) throw new MlError('ML_FORMAT', `a network has ${is} ${what}, the model reads ${wanted}`);
  };
  same('steps', found.parts.steps, steps);
  same('features', found.parts.features, features);
  same('outputs', found.outputs, outputs);
  same('output, not hazards', found.parts.link, parts.link);
  return found;
}
