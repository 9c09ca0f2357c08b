/** scikit-learn's histogram boosting on the turbofan sets, in the same run as ours. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Row } from './report.ts';

const SETS = ['FD001', 'FD003'] as const;

interface Answer {
  readonly version: string;
  readonly rmse: number;
  readonly auprc: number;
  readonly seconds: number;
}

/** In a Python of the system (`PYTHON`, by default /usr/bin/python3); undefined where scikit-learn is missing. */
function ask(data: string, set: string): Answer | undefined {
  const script = new URL('../../../../bench/peers/turbofan.py', import.meta.url).pathname;
  const python = process.env['PYTHON'] ?? '/usr/bin/python3';
  const { status, stdout } = spawnSync(python, [script, join(data, 'cmapss'), set], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? (JSON.parse(stdout) as Answer) : undefined;
}

/** Rows of the peer; none where it is missing. */
export function turbofanPeerRows(data: string): Row[] {
  return SETS.flatMap((set): Row[] => {
    const answer = ask(data, set);
    if (answer === undefined) return [];
    const { version, rmse, auprc, seconds } = answer;
    const note = `${version}, ${seconds.toFixed(0)} s`;
    const name = `cmapss-${set.toLowerCase()}`;
    return [
      { name: `${name}-rmse-hist-gradient-boosting`, value: rmse, unit: 'cycles', bound: null, better: 'lower', note },
      { name: `${name}-auprc30-hist-gradient-boosting`, value: auprc, unit: '', bound: null, better: 'higher', note },
    ];
  });
}
