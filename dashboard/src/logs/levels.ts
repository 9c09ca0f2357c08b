import type { LogLevel } from '../../../src/model/log-record.ts';

export const LOG_LEVELS_WORST_FIRST: readonly LogLevel[] = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'];
