import { saying } from './mistake.ts';
import type { Problem } from './validate.ts';
import { wrong } from './wrong.ts';

/** An entry of `collect.syslog` as far as it is checked here. */
export interface WrittenSyslog {
  readonly name?: string;
  readonly protocol?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** TLS without a certificate would listen, and refuse whoever comes. */
export const syslogProblems = (sources: readonly WrittenSyslog[]): readonly Problem[] =>
  sources.flatMap(({ protocol, cert, key }, index) =>
    protocol === 'tls'
      ? Object.entries({ cert, key }).flatMap(([name, file]) =>
          file === undefined
            ? [
                wrong(
                  ['collect', 'syslog', index],
                  saying('config.found_nothing'),
                  saying('config.expects_key', { name }),
                ),
              ]
            : [],
        )
      : [],
  );
