import type { Labels } from '../../model/labels.ts';
import { leadingTime } from './log-time.ts';

/** What a runtime of containers wrote around a line. */
export interface ContainerLine {
  readonly text: string;
  /** What was written is longer than a line of the runtime may be, and goes on with the next one of this output. */
  readonly partial: boolean;
  readonly output: 'stdout' | 'stderr';
  /** Unix ms; null when it makes no sense. */
  readonly time: number | null;
}

/** Docker's `json-file`: `{"log":"…\n","stream":"stdout","time":"…"}`. */
const DOCKER = '{"log":';
/** Kubernetes' CRI: time, output, `P`art or `F`ull and other tags, text. */
const CRI = /^(\d{4}-\d{2}-\d{2}T[\d:.]{8,18}(?:Z|[+-]\d{2}:\d{2})) (stdout|stderr) ([FP])(?::[^ ]{0,64})? ?/;

const LETTER_T = 84;

/** Takes the wrapping off a line of Docker's `json-file` or of a CRI runtime; null when it has none. */
export function unwrapContainerLine(line: string): ContainerLine | null {
  if (line.startsWith(DOCKER)) return unwrapDocker(line);
  // Where the date of a CRI line ends, looked at first, as most lines are none.
  const found = line.charCodeAt(10) === LETTER_T ? CRI.exec(line) : null;
  if (found === null) return null;
  const [head, time = '', output, tag] = found;
  return {
    text: line.slice(head.length),
    partial: tag === 'P',
    output: output === 'stderr' ? 'stderr' : 'stdout',
    time: timeOf(time),
  };
}

function unwrapDocker(line: string): ContainerLine | null {
  const { log, stream, time } = fieldsOf(line);
  if (typeof log !== 'string' || typeof time !== 'string' || (stream !== 'stdout' && stream !== 'stderr')) return null;
  const ends = log.endsWith('\n');
  return { text: ends ? log.slice(0, -1) : log, partial: !ends, output: stream, time: timeOf(time) };
}

function fieldsOf(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

// The year is never left out.
const timeOf = (text: string): number | null => leadingTime(text, 0)?.time ?? null;

/** `/var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log`, with a date behind it and `.gz` when rotated. */
const POD = /\/pods\/([a-z0-9-]+)_([a-z0-9.-]+)_[^/]+\/([^/]+)\/\d+\.log[^/]*$/;
/** `/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log`. */
const CONTAINER = /\/([a-z0-9.-]+)_([a-z0-9-]+)_([^/]+)-[0-9a-f]{64}\.log$/;
/** `/var/lib/docker/containers/ID/ID-json.log`, with a number behind it when rotated. */
const DOCKER_FILE = /\/([0-9a-f]{12})[0-9a-f]{52}-json\.log[^/]*$/;

/** What the path of a container's log says of it: namespace, pod and container, or the container's short id. */
export function containerLabels(path: string): Labels {
  const pod = POD.exec(path);
  if (pod !== null) return { namespace: pod[1]!, pod: pod[2]!, container: pod[3]! };
  const linked = CONTAINER.exec(path);
  if (linked !== null) return { namespace: linked[2]!, pod: linked[1]!, container: linked[3]! };
  const docker = DOCKER_FILE.exec(path);
  return docker === null ? {} : { container_id: docker[1]! };
}
