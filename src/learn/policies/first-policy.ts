import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { decodeModel } from '../../ml/serialize.ts';
import { POLICY_MODEL, POLICY_SCOPE, type PolicyFactory, policyVersion } from '../../model/policy.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError, VigiaError } from '../../runtime/errors.ts';
import { stableId } from '../../runtime/ids.ts';
import type { Log } from '../../runtime/log.ts';
import type { PolicyLifecycle } from './policy-lifecycle.ts';

export interface FirstPolicyDeps {
  /** Path of what `toBytes` of a policy gave. */
  readonly file: string;
  readonly lifecycle: PolicyLifecycle;
  readonly factories: readonly PolicyFactory[];
  readonly clock: Clock;
  readonly log: Log;
}

const FINGERPRINT = 12;

/**
 * Puts a policy that was trained elsewhere in force when none has been learnt here yet. It is registered like any other, under
 * a version that is the fingerprint of the file, so that the same file is the same version wherever it serves.
 */
export function createFirstPolicy({ file, lifecycle, factories, clock, log }: FirstPolicyDeps): Service {
  const read = async (): Promise<{ readonly kind: string; readonly bytes: Uint8Array }> => {
    try {
      const bytes = new Uint8Array(await readFile(file));
      const { kind } = decodeModel(bytes);
      const factory = factories.find((known) => known.kind === kind);
      if (factory === undefined) throw new Error(`nobody here reads a policy of kind ${kind}`);
      factory.load(bytes);
      return { kind, bytes };
    } catch (thrown) {
      throw new VigiaError('EXTENSION_INVALID', { name: file, reason: toError(thrown).message });
    }
  };
  return {
    name: 'first-policy',
    async start() {
      const { kind, bytes } = await read();
      if ((await lifecycle.inForce()).model !== null) return;
      const fingerprint = createHash('sha256').update(bytes).digest('hex').slice(0, FINGERPRINT);
      const now = clock.now();
      const id = stableId('model', POLICY_MODEL, kind, fingerprint);
      await lifecycle.enter(
        {
          id,
          kind: POLICY_MODEL,
          version: policyVersion(kind, fingerprint),
          scope: POLICY_SCOPE,
          state: 'challenger',
          trainedFrom: null,
          trainedTo: null,
          metrics: {},
          reason: 'brought',
          createdAt: now,
        },
        bytes,
      );
      await lifecycle.promote(id, 'vigia', 'brought by the configuration');
      log.info({ model: id, file }, 'a policy that was trained elsewhere serves');
    },
    stop: async () => undefined,
  };
}
