import { sessionRows, templateRows } from './collect-logs.ts';
import { report } from './report.ts';

const folder = process.env['VIGIA_BENCH_DATA'] ?? '../shared/data';
report([...templateRows(folder), ...sessionRows(folder)]);
