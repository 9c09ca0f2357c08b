import { randomBytes } from 'node:crypto';
import { ROLES } from '../api/deps.ts';
import { EXIT, type Terminal } from './terminal.ts';

/** As many as a key of AES-256: nobody guesses it, whatever the machine. */
const TOKEN_BYTES = 32;
const NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/i;

/** Environment variable for a token's name: `VIGIA_TOKEN_ANA`. */
const variableOf = (name: string): string => `VIGIA_TOKEN_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;

/** `vigia token`: makes a token and says how it is made known. Nothing is stored. */
export function token(options: { readonly name: string; readonly role: string }, terminal: Terminal): number {
  const { name, role } = options;
  const { words } = terminal;
  if (!ROLES.some((known) => known === role)) {
    terminal.complain(words.say('commands.bad_role', { found: role }));
    return EXIT.usage;
  }
  if (!NAME.test(name)) {
    terminal.complain(words.say('commands.bad_name', { found: name }));
    return EXIT.usage;
  }
  const made = `vigia_${randomBytes(TOKEN_BYTES).toString('base64url')}`;
  const variable = variableOf(name);
  const lines = [
    words.say('commands.token_made', { name, role }),
    `\n  ${made}\n`,
    words.say('commands.token_variable'),
    `\n  ${variable}=${made}\n`,
    words.say('commands.token_config'),
    `\n  api:\n    tokens:\n      - { name: ${name}, role: ${role}, token: "\${env:${variable}}" }\n`,
    words.say('commands.token_use'),
    `\n  Authorization: Bearer ${made}`,
  ];
  terminal.print(lines.join('\n'));
  return EXIT.good;
}
