/**
 * Trains the policy that the arm `vigia` of the lab is given: `node scripts/bench.mjs lab-policy` writes `lab/policy.gz`. On simulated
 * incidents only, of a seed that is none of a scenario's; the same seed and number give the same file.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { trainingEpisodes } from '../lab/simulator/train.ts';
import { banditFactory } from '../src/recommend/policies/bandit-policy.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '11' },
    incidents: { type: 'string', default: '1500' },
    out: { type: 'string', default: 'lab/policy.gz' },
  },
});
const seed = Number(values.seed);
const episodes = trainingEpisodes(seed, Number(values.incidents));
const policy = await banditFactory.fit(episodes, { seed, exploration: 0.01 });
if (policy === null) throw new Error('there is too little to learn from');
const bytes = policy.toBytes();
writeFileSync(values.out, gzipSync(bytes, { level: 9 }));
const fingerprint = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
process.stdout.write(`${values.out}: bandit@${fingerprint}, ${episodes.length} incidents, seed ${seed}\n`);
