import { type Autoencoder, loadAutoencoder } from '../../ml/neural-autoencoder.ts';
import { fitAutoencoder } from '../../ml/neural-autoencoder-training.ts';
import type { MemberFactory, MemberModel } from './member.ts';
import { someRows } from './some-rows.ts';

const MOST_ROWS = 6000;
const EPOCHS = 25;
const LEARNING_RATE = 2e-3;
/** Narrow: a wide middle learns to copy what is abnormal too. */
const WIDEST = 32;
const MIDDLE = 4;

function memberOf(model: Autoencoder): MemberModel {
  return {
    kind: 'autoencoder',
    columns: model.columns,
    score: (row, offset) => model.scoreRow(row, offset),
    blame: (row, out, offset) => {
      model.residuals(row, out, offset);
    },
    toBytes: () => model.toBytes(),
  };
}

export const autoencoderMember: MemberFactory = {
  kind: 'autoencoder',
  fit: (rows, { seed }) => {
    const wide = Math.min(WIDEST, Math.ceil(rows.columns / 2));
    const hidden = [wide, Math.min(MIDDLE, Math.ceil(wide / 4)), wide];
    const options = { seed, hidden, epochs: EPOCHS, learningRate: LEARNING_RATE };
    return memberOf(fitAutoencoder(someRows(rows, MOST_ROWS), options).model);
  },
  load: (bytes) => memberOf(loadAutoencoder(bytes)),
};
