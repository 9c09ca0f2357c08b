import { decodeRows } from './collect-decode.ts';
import { sessionRows, templateRows } from './collect-logs.ts';
import { expositionRows } from './exposition.ts';
import { report } from './report.ts';

const folder = process.env['VIGIA_BENCH_DATA'] ?? '../shared/data';
report([...templateRows(folder), ...sessionRows(folder), ...(await expositionRows()), ...(await decodeRows())]);
