import { fileURLToPath } from 'node:url';
import {
  checkActions,
  checkDashboard,
  checkData,
  checkDatabase,
  checkHost,
  checkNode,
  checkPort,
  type Finding,
} from './doctor-checks.ts';
import { configFile, EXIT, readConfig, type Terminal } from './terminal.ts';

/** Where the build puts the pages. */
export const DASHBOARD_FOLDER = fileURLToPath(new URL('../dashboard', import.meta.url));

/** `vigia doctor`: says what works here, and what is missing. Changes nothing. */
export async function doctor(options: { readonly config?: string }, terminal: Terminal): Promise<number> {
  const { words, print, environment } = terminal;
  const file = configFile(options.config, terminal);
  const config = readConfig(file, terminal);
  if (config === null) return EXIT.usage;
  const findings: readonly Finding[] = [
    checkNode(),
    file === null
      ? { state: 'ok', text: { key: 'commands.doctor_config_none', values: {} } }
      : { state: 'ok', text: { key: 'commands.doctor_config', values: { file } } },
    ...(await checkData(config)),
    await checkPort(config),
    await checkHost(),
    ...(await checkDatabase(config)),
    checkDashboard(DASHBOARD_FOLDER),
    ...checkActions(config, environment['PATH'] ?? ''),
  ];
  const labels = {
    ok: words.say('commands.doctor_ok'),
    warning: words.say('commands.doctor_warning'),
    bad: words.say('commands.doctor_bad'),
  };
  const width = Math.max(...Object.values(labels).map(({ length }) => length));
  for (const { state, text } of findings) print(`${labels[state].padEnd(width)}  ${words.phrase(text)}`);
  const count = findings.filter(({ state }) => state === 'bad').length;
  print('');
  print(count === 0 ? words.say('commands.doctor_good') : words.say('commands.doctor_problems', { count }));
  return count === 0 ? EXIT.good : EXIT.failed;
}
