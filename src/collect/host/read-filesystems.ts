import { statfs } from 'node:fs/promises';
import type { Clock } from '../../runtime/clock.ts';
import type { HostReader, HostSink } from './host-sink.ts';
import { readProc } from './proc-files.ts';

/** File systems that hold no data of their own, or that are full by design. */
const PSEUDO = new Set(
  (
    'autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs erofs fuse.gvfsd-fuse fuse.lxcfs ' +
    'fuse.portal fusectl hugetlbfs iso9660 mqueue nsfs overlay proc pstore ramfs rpc_pipefs securityfs selinuxfs ' +
    'squashfs sysfs tracefs'
  ).split(' '),
);
/** File systems whose server may be gone, so that asking them may hang for ever. */
const REMOTE = /^(nfs|nfs4|cifs|smb3|9p|ceph|glusterfs|lustre|afs|fuse\.|fuse$)/;
/** Mounts of containers: there are hundreds, and they show the same disk. */
const SKIPPED_PATHS =
  /^\/(proc|sys|run\/(docker|containerd|netns|credentials|user)|var\/lib\/(docker|containerd|kubelet|containers))(\/|$)/;
const MAX_MOUNTS = 64;
/** How long a step waits for an answer; the question stays open and is not asked twice. */
const PATIENCE_MS = 1000;

export interface Mount {
  readonly mountpoint: string;
  readonly fstype: string;
  /** `major:minor`, the same for all mounts of one file system. */
  readonly device: string;
}

/** Blanks and backslashes in paths stand there as octal escapes. */
const unescapePath = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_whole, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** One line of mountinfo, see proc(5): `id parent major:minor root path options … - fstype source options`. */
function parseMount(line: string): (Mount & { readonly writable: boolean }) | undefined {
  const [before = '', after = ''] = line.split(' - ');
  const [, , device, , path, options] = before.split(' ');
  const [fstype] = after.split(' ');
  if (device === undefined || path === undefined || options === undefined || fstype === undefined) return undefined;
  return { mountpoint: unescapePath(path), fstype, device, writable: !options.split(',').includes('ro') };
}

/** The root is kept also when it is an overlay, as in a container. */
const canFill = ({ mountpoint, fstype }: Mount): boolean =>
  !SKIPPED_PATHS.test(mountpoint) && (!PSEUDO.has(fstype) || (mountpoint === '/' && fstype === 'overlay'));

/** Writable file systems that can fill up, by the text of /proc/self/mountinfo, each once under its shortest path. */
export function parseMounts(mountinfo: string): readonly Mount[] {
  const byPath = new Map<string, Mount>();
  for (const line of mountinfo.split('\n')) {
    const mount = parseMount(line);
    if (mount === undefined) continue;
    // The last mount on a path hides those below it, also when it is none of ours.
    byPath.delete(mount.mountpoint);
    const { writable, ...rest } = mount;
    if (writable && canFill(mount)) byPath.set(mount.mountpoint, rest);
  }
  const byDevice = new Map<string, Mount>();
  for (const mount of [...byPath.values()].sort((a, b) => a.mountpoint.length - b.mountpoint.length)) {
    if (!byDevice.has(mount.device)) byDevice.set(mount.device, mount);
  }
  return [...byDevice.values()].slice(0, MAX_MOUNTS);
}

/** The part of statfs(2) that counts, in blocks and inodes. */
export interface DiskSpace {
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

/** Size is what users can fill: blocks kept back for root are not counted, so that used reaches size when writes fail. */
function emit(sink: HostSink, { mountpoint, fstype }: Mount, space: DiskSpace): void {
  if (space.blocks === 0) return;
  const labels = { mountpoint, fstype };
  const used = (space.blocks - space.bfree) * space.bsize;
  sink.gauge('filesystem_used_bytes', used, labels);
  sink.gauge('filesystem_size_bytes', used + space.bavail * space.bsize, labels);
  // Some file systems make inodes as they need them and say 0.
  if (space.files === 0) return;
  sink.gauge('filesystem_inodes_used', space.files - space.ffree, labels);
  sink.gauge('filesystem_inodes_total', space.files, labels);
}

export interface FilesystemDeps {
  readonly clock: Clock;
  readonly root: string;
  readonly statfs?: (path: string) => Promise<DiskSpace>;
}

/**
 * Space and inodes of every mount. A mount that does not answer costs one thread of the pool until it does: it is not
 * asked again meanwhile, and of those on the network only one is asked at a time.
 */
export function createFilesystemReader({ clock, root, statfs: ask = statfs }: FilesystemDeps): HostReader {
  const open = new Map<string, Mount>();
  const askMount = async (sink: HostSink, mount: Mount): Promise<void> => {
    open.set(mount.mountpoint, mount);
    const answered = new AbortController();
    let late = false;
    const answer = async (): Promise<void> => {
      // A mount that may not be looked at, or that went away meanwhile, is left out.
      const space = await ask(mount.mountpoint).catch(() => undefined);
      open.delete(mount.mountpoint);
      answered.abort();
      if (space !== undefined && !late) emit(sink, mount, space);
    };
    const patience = clock.sleep(PATIENCE_MS, answered.signal).catch(() => undefined);
    await Promise.race([answer(), patience]);
    late = !answered.signal.aborted;
  };
  return async (sink) => {
    const mounts = parseMounts(readProc(`${root}/self/mountinfo`) ?? '').filter(
      ({ mountpoint }) => !open.has(mountpoint),
    );
    await Promise.all(mounts.filter(({ fstype }) => !REMOTE.test(fstype)).map((mount) => askMount(sink, mount)));
    for (const mount of mounts.filter(({ fstype }) => REMOTE.test(fstype))) {
      if ([...open.values()].some(({ fstype }) => REMOTE.test(fstype))) return;
      await askMount(sink, mount);
    }
  };
}
