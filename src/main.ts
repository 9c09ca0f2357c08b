#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { runProgram } from './commands/program.ts';
import { processTerminal } from './commands/terminal.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

process.exitCode = await runProgram(process.argv.slice(2), version, processTerminal());
