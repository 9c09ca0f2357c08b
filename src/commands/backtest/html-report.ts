import type { Words } from '../../text/text.ts';
import type { BacktestReport } from './report.ts';

export const htmlReport = (_report: BacktestReport, _words: Words): string => '<!doctype html>';
