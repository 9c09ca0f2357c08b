import type { Labels } from '../../model/labels.ts';

/** Where the readers of this machine put what they read. Units are base units: seconds, bytes, or none. */
export interface HostSink {
  gauge(name: string, value: number, labels?: Labels): void;
  counter(name: string, value: number, labels?: Labels): void;
}

/** Reads one aspect of the machine; what cannot be read on this system is left out, never reported as 0. */
export type HostReader = (sink: HostSink) => void | Promise<void>;
