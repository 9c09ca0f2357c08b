import { decodeRows } from './collect-decode.ts';
import { sessionRows, templateRows } from './collect-logs.ts';
import { seriesRows } from './collect-series.ts';
import { expositionRows } from './exposition.ts';
import { report } from './report.ts';

const folder = process.env['VIGIA_BENCH_DATA'] ?? '../shared/data';
// First, while nothing else has left anything in the memory that is measured.
const series = await seriesRows();
report([
  ...series,
  ...(await templateRows(folder)),
  ...sessionRows(folder),
  ...(await expositionRows()),
  ...(await decodeRows()),
]);
