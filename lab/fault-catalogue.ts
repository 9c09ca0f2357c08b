import type { FaultKind, LabAction, ServiceName } from './world.ts';

/**
 * What is known of each fault, in one place: where it may strike, and which actions help, do nothing, or make it worse. This
 * is what tests hold the lab to; nothing in the lab reads it to decide what an action does. That comes out of the code.
 */
export interface FaultFacts {
  readonly about: string;
  readonly at: 'replica' | 'service';
  readonly services: readonly ServiceName[];
  /** Whether something can be seen growing before users notice. */
  readonly precursor: boolean;
  readonly helps: readonly LabAction[];
  readonly harms: readonly LabAction[];
}

export const FAULTS: Readonly<Record<FaultKind, FaultFacts>> = {
  'memory-leak': {
    about: 'keeps what it should forget until the heap is full and the process dies',
    at: 'replica',
    services: ['orders', 'inventory', 'payments'],
    precursor: true,
    helps: ['restart', 'drain'],
    harms: ['shed-load'],
  },
  'event-loop-block': {
    about: 'scans a growing cache on disk in one go; a restart loads the same cache again',
    at: 'replica',
    services: ['orders', 'inventory', 'payments'],
    precursor: true,
    helps: ['clear', 'drain'],
    harms: ['shed-load'],
  },
  'fd-leak': {
    about: 'opens files and does not close them, until it can open no more',
    at: 'replica',
    services: ['orders', 'inventory', 'payments'],
    precursor: true,
    helps: ['restart', 'drain'],
    harms: ['shed-load'],
  },
  'pool-exhaustion': {
    about: 'does not give connections back to its pool, until callers wait in vain',
    at: 'replica',
    services: ['orders', 'inventory', 'payments'],
    precursor: true,
    helps: ['restart', 'drain'],
    harms: ['shed-load'],
  },
  'disk-filling': {
    about: 'fills its disk with what nobody deletes; a restart finds it as full as before',
    at: 'replica',
    services: ['orders', 'inventory', 'payments', 'ledger'],
    precursor: true,
    helps: ['clear', 'drain'],
    harms: ['shed-load'],
  },
  'slow-dependency': {
    about: 'the storage under one ledger gets slow, and everybody who waits for it; a restart brings no other storage',
    at: 'replica',
    services: ['ledger'],
    precursor: true,
    helps: ['drain'],
    harms: [],
  },
  'crash-loop': {
    about: 'a new version dies of more and more requests; started again it dies again',
    at: 'service',
    services: ['orders', 'inventory', 'payments'],
    precursor: false,
    helps: ['roll-back-version'],
    harms: ['shed-load'],
  },
  'bad-config': {
    about: 'a new setting makes each request do more, step by step',
    at: 'service',
    services: ['orders', 'payments'],
    precursor: true,
    helps: ['roll-back-config'],
    harms: ['shed-load'],
  },
  'traffic-surge': {
    about: 'more users than the smallest service has room for; what takes room away makes it worse',
    at: 'service',
    services: ['payments'],
    precursor: true,
    helps: ['scale', 'shed-load'],
    harms: ['restart', 'drain'],
  },
  partition: {
    about: 'more and more of what one replica sends to others never arrives; a restart does not mend the network',
    at: 'replica',
    services: ['orders', 'inventory', 'payments'],
    precursor: false,
    helps: ['drain'],
    harms: ['shed-load'],
  },
  'clock-skew': {
    about: 'a clock runs away until nobody believes its signatures; a start sets it',
    at: 'replica',
    services: ['orders', 'inventory', 'payments'],
    precursor: true,
    helps: ['restart', 'drain'],
    harms: ['shed-load'],
  },
  'log-storm': {
    about: 'a setting makes it write more and more, until writing is all it does',
    at: 'service',
    services: ['orders', 'inventory', 'payments'],
    precursor: true,
    helps: ['roll-back-config'],
    harms: ['shed-load'],
  },
};
