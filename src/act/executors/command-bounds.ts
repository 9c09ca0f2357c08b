import { readFileSync } from 'node:fs';
import { matchesPattern } from '../../model/action-definition.ts';

/** What commands may be and do, whatever the catalogue and labels say. */
export interface CommandBounds {
  /** Programs that may be run, `*` for anything within a name. */
  readonly programs: readonly string[];
  /** Whom commands run as: a name of /etc/passwd, or `uid:gid`; null is whoever runs Vigía. */
  readonly user: string | null;
  /** Bytes of address space that a process may have; null sets no limit. */
  readonly memoryBytes: number | null;
  /** Time on a processor that a process may take, ms; null sets no limit. */
  readonly cpuMs: number | null;
}

/** Nothing is bounded but by the catalogue: for what Vigía itself makes of its arguments. */
export const UNBOUNDED: CommandBounds = { programs: ['*'], user: null, memoryBytes: null, cpuMs: null };

/** A name that climbs is not the one that was allowed. */
const climbs = (program: string): boolean => program.split('/').includes('..');

export const isAllowed = (program: string, { programs }: CommandBounds): boolean =>
  !climbs(program) && programs.some((pattern) => pattern === program || matchesPattern(pattern, program));

export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** What programs ask the environment of who they are; nothing where that is not known. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Who a name of /etc/passwd or `uid:gid` is; null when nobody is called so. Other directories of users need `uid:gid`. */
export function identityOf(
  user: string,
  passwd: () => string = () => readFileSync('/etc/passwd', 'utf8'),
): Identity | null {
  const numbers = /^(\d{1,9}):(\d{1,9})$/.exec(user);
  if (numbers !== null) return { uid: Number(numbers[1]), gid: Number(numbers[2]), environment: {} };
  const line = passwd()
    .split('\n')
    .find((one) => one.startsWith(`${user}:`));
  const [, , uid = '', gid = '', , home = ''] = line?.split(':') ?? [];
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return null;
  const environment = { USER: user, LOGNAME: user, HOME: home === '' ? '/' : home };
  return { uid: Number(uid), gid: Number(gid), environment };
}

/** Only root may become somebody else. */
export const mayBecome = ({ uid }: Identity, own: number | undefined): boolean => own === 0 || own === uid;

/**
 * The command with its limits: `prlimit` (util-linux) sets them and becomes the program, without a shell. The kernel keeps
 * them for each process that the command starts.
 */
export function limited(argv: readonly string[], { memoryBytes, cpuMs }: CommandBounds): readonly string[] {
  const limits = [
    ...(memoryBytes === null ? [] : [`--as=${memoryBytes}`]),
    ...(cpuMs === null ? [] : [`--cpu=${Math.max(1, Math.ceil(cpuMs / 1000))}`]),
  ];
  return limits.length === 0 ? argv : ['prlimit', ...limits, '--', ...argv];
}

/** What `prlimit` says and ends with when there is no such program. */
export const isMissing = (exitCode: number | null, output: string): boolean =>
  exitCode === 127 && /^prlimit: failed to execute/m.test(output);
