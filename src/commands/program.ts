import { Command, CommanderError } from 'commander';
import { STAGE_NAMES } from '../model/stage.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import type { TextKey } from '../text/catalogue.ts';
import type { ScoreOptions } from './score.ts';
import type { RunOptions } from './run.ts';
import type { BacktestOptions } from './backtest/request.ts';
import type { ModelsOptions } from './models.ts';
import type { SizeOptions } from './size.ts';
import type { LabOptions } from './lab.ts';
import { EXIT, type Terminal } from './terminal.ts';

/** Commander's complaints, as ours. */
const COMPLAINTS: Readonly<Record<string, TextKey>> = {
  'commander.unknownOption': 'commands.bad_option',
  'commander.unknownCommand': 'commands.bad_command',
  'commander.missingArgument': 'commands.bad_argument',
  'commander.missingMandatoryOptionValue': 'commands.bad_mandatory',
  'commander.optionMissingArgument': 'commands.bad_argument',
  'commander.excessArguments': 'commands.bad_excess',
};

/** One line for a wrong command line. */
function complainOfUsage(error: CommanderError, name: string, { words, complain }: Terminal): number {
  const found = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  const detail = error.message.replace(/^error: /, '').split('\n')[0] ?? '';
  const command = name === '' ? '' : `${name} `;
  complain(words.say(COMPLAINTS[error.code] ?? 'commands.bad_usage', { found, detail, command }));
  return EXIT.usage;
}

/** One line for what ended a command; what nobody foresaw comes with its trace. */
function complainOfFailure(thrown: unknown, { words, complain }: Terminal): number {
  if (thrown instanceof VigiaError) {
    const detail = words.error(thrown.code, thrown.values);
    complain(thrown.code === 'USAGE' ? detail : `${thrown.code}: ${detail}`);
    return thrown.code === 'USAGE' ? EXIT.usage : EXIT.failed;
  }
  const error = toError(thrown);
  complain(`INTERNAL: ${words.error('INTERNAL', { detail: error.message })}\n${error.stack ?? ''}`);
  return EXIT.failed;
}

/** Adds the commands. Each is loaded only when it is asked for, so that none makes another slow. */
function build(terminal: Terminal, end: (code: number) => void): Command {
  const { words } = terminal;
  const program = new Command('vigia').description(words.say('commands.about'));
  const config = ['-c, --config <file>', words.say('commands.about_config')] as const;

  program
    .command('run', { isDefault: true })
    .description(words.say('commands.about_run'))
    .option(...config)
    .option('--stages <names>', words.say('commands.about_stages', { known: STAGE_NAMES.join(', ') }))
    .action(async (options: RunOptions) => end(await (await import('./run.ts')).run(options, terminal)));

  program
    .command('check <file>')
    .description(words.say('commands.about_check'))
    .action(async (file: string) => end((await import('./check.ts')).check(file, terminal)));

  program
    .command('doctor')
    .description(words.say('commands.about_doctor'))
    .option(...config)
    .action(async (options: { readonly config?: string }) =>
      end(await (await import('./doctor.ts')).doctor(options, terminal)),
    );

  program
    .command('score <data>')
    .description(words.say('commands.about_score'))
    .requiredOption('--out <file>', words.say('commands.about_out'))
    .option('--train <file>', words.say('commands.about_train'))
    .option('--step <seconds>', words.say('commands.about_step'))
    .option('--detectors <kinds>', words.say('commands.about_detectors'))
    .action(async (data: string, options: ScoreOptions) =>
      end(await (await import('./score.ts')).score(data, options, terminal)),
    );

  program
    .command('token')
    .description(words.say('commands.about_token'))
    .option('--name <name>', words.say('commands.about_name'), 'default')
    .option('--role <role>', words.say('commands.about_role'), 'operator')
    .action(async (options: { readonly name: string; readonly role: string }) =>
      end((await import('./token.ts')).token(options, terminal)),
    );

  program
    .command('templates <file>')
    .description(words.say('commands.about_templates'))
    .requiredOption('--out <file>', words.say('commands.about_out'))
    .action(async (file: string, options: { readonly out: string }) =>
      end(await (await import('./templates.ts')).templates(file, options, terminal)),
    );
  for (const add of [addSize, addModels, addBacktest, addLab]) add(program, terminal, end);
  return program;
}

/** `vigia size` reckons without a server. */
function addSize(program: Command, terminal: Terminal, end: (code: number) => void): void {
  const { words } = terminal;
  program
    .command('size')
    .description(words.say('size.about'))
    .requiredOption('--series <count>', words.say('size.about_series'))
    .option('--entities <count>', words.say('size.about_entities'))
    .option('--step <seconds>', words.say('size.about_step'))
    .option('--models <count>', words.say('size.about_models'), '10')
    .option('--store <kind>', words.say('size.about_store'))
    .option('-c, --config <file>', words.say('commands.about_config'))
    .action(async (options: SizeOptions) => end((await import('./size.ts')).size(options, terminal)));
}

/** `vigia models` talks to a running server. */
function addModels(program: Command, terminal: Terminal, end: (code: number) => void): void {
  const { words } = terminal;
  program
    .command('models [what] [arguments...]')
    .description(words.say('commands.about_models'))
    .option('-c, --config <file>', words.say('commands.about_config'))
    .option('--url <address>', words.say('commands.about_url'))
    .action(async (what: string | undefined, rest: readonly string[], options: ModelsOptions) =>
      end(await (await import('./models.ts')).models([what ?? 'list', ...rest], options, terminal)),
    );
}

/** `vigia backtest` has more to say than the others. */
function addBacktest(program: Command, terminal: Terminal, end: (code: number) => void): void {
  const { words } = terminal;
  const say = (
    key: 'data' | 'failures' | 'entity' | 'time' | 'horizons' | 'events' | 'split' | 'walk' | 'test' | 'out',
  ) => words.say(`backtest.about_${key}`);
  program
    .command('backtest')
    .description(words.say('backtest.about'))
    .requiredOption('--data <file>', say('data'))
    .requiredOption('--failures <file>', say('failures'))
    .requiredOption('--entity <column>', say('entity'))
    .requiredOption('--time <column>', say('time'))
    .requiredOption('--horizons <list>', say('horizons'))
    .option('--events <file>', say('events'))
    .option('--split <time>', say('split'))
    .option('--walk <duration>', say('walk'))
    .option('--test <file>', say('test'))
    .option('--model <file>', words.say('backtest.about_model'))
    .requiredOption('--out <folder>', say('out'))
    .option('--precision <share>', words.say('backtest.about_precision'))
    .option('--min-lead <duration>', words.say('backtest.about_min_lead'))
    .action(async (options: BacktestOptions) => end(await (await import('./backtest.ts')).backtest(options, terminal)));
}

/** `vigia lab` shows something, or measures it. */
function addLab(program: Command, terminal: Terminal, end: (code: number) => void): void {
  const say = (key: 'port' | 'mode' | 'faults' | 'seed' | 'scenario' | 'arm' | 'report') =>
    terminal.words.say(`lab.about_${key}`);
  program
    .command('lab')
    .description(terminal.words.say('lab.about'))
    .option('--port <port>', say('port'), '8440')
    .option('--mode <mode>', say('mode'), 'approve')
    .option('--faults <kinds>', say('faults'))
    .option('--seed <number>', say('seed'), '1')
    .option('--scenario <file>', say('scenario'))
    .option('--arm <arm>', say('arm'))
    .option('--report <folder>', say('report'))
    .action(async (options: LabOptions) => end(await (await import('./lab.ts')).lab(options, terminal)));
}

/** Carries out one command line; resolves with the exit code. Never throws. */
export async function runProgram(argv: readonly string[], version: string, terminal: Terminal): Promise<number> {
  let code: number = EXIT.good;
  const program = build(terminal, (ended) => {
    code = ended;
  });
  program.version(version);
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .showSuggestionAfterError(false)
      .configureOutput({ writeOut: (text) => terminal.print(text.trimEnd()), writeErr: () => undefined });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) return complainOfFailure(thrown, terminal);
    // Help and version end commander by an error of exit code 0.
    if (thrown.exitCode === 0) return EXIT.good;
    const name = program.commands.find((command) => command.name() === argv[0])?.name() ?? '';
    return complainOfUsage(thrown, name, terminal);
  }
}
