import type { LinkView, Run } from '../model/action.ts';
import { VigiaError } from '../runtime/errors.ts';
import { stableId } from '../runtime/ids.ts';
import { type ActOwn, VIGIA } from './act-deps.ts';
import { type ApprovalLink, readLink } from './approval-links.ts';
import type { RunDesk } from './run-desk.ts';

const MINUTE_MS = 60_000;

/** As the audit log names who decided by a link: nobody knows more than which channel it was sent to. */
const nameOf = ({ channel }: ApprovalLink): string => `link of ${channel}`;

/**
 * Decisions by a link that was sent to people. Looking changes nothing; a link is worth nothing once its run is decided, by
 * it or otherwise, or its time is over.
 */
export class LinkDesk {
  readonly #deps: ActOwn;
  readonly #desk: RunDesk;

  constructor(deps: ActOwn, desk: RunDesk) {
    this.#deps = deps;
    this.#desk = desk;
  }

  /** What would be done. Throws `LINK_INVALID`, `LINK_EXPIRED` and `LINK_USED`. */
  async look(token: string): Promise<LinkView> {
    const { link, run } = await this.#open(token);
    const action = this.#deps.actions.find(({ id }) => id === run.action);
    const needs = action?.approver ?? 'operator';
    return {
      run,
      title: action?.title ?? { en: run.action, es: run.action },
      disruption: action?.disruption ?? 'none',
      channel: link.channel,
      role: link.role,
      needs,
      mayApprove: needs === 'operator' || link.role === 'admin',
      expiresAt: link.expiresAt,
    };
  }

  /** Also throws `LINK_ROLE`. What a guardrail objects to comes back as a run that is `rejected`, as elsewhere. */
  async decide(token: string, decision: 'approve' | 'reject', note: string): Promise<Run> {
    const { link, run } = await this.#open(token);
    try {
      if (decision === 'reject') return await this.#desk.reject(run.id, nameOf(link), note);
      return await this.#desk.approve(run.id, nameOf(link), link.role);
    } catch (thrown) {
      if (!(thrown instanceof VigiaError)) throw thrown;
      if (thrown.code === 'API_FORBIDDEN') throw new VigiaError('LINK_ROLE', { role: String(thrown.values['role']) });
      if (thrown.code === 'RUN_STATE') throw await this.#refusal(link, 'LINK_USED');
      throw thrown;
    }
  }

  async #open(token: string): Promise<{ readonly link: ApprovalLink; readonly run: Run }> {
    const { store, clock, linkKey } = this.#deps;
    const link = linkKey === undefined || linkKey === null ? null : readLink(token, linkKey);
    if (link === null) throw new VigiaError('LINK_INVALID');
    const run = await store.runs.get(link.run);
    if (run === null) throw new VigiaError('LINK_INVALID');
    const late = link.expiresAt <= clock.now() || run.state === 'expired';
    if (late) throw await this.#refusal(link, 'LINK_EXPIRED');
    if (run.state !== 'awaiting_approval') throw await this.#refusal(link, 'LINK_USED');
    return { link, run };
  }

  /** Somebody who had the link came too late: that is written down, once a minute at most for one link. */
  async #refusal(link: ApprovalLink, code: 'LINK_EXPIRED' | 'LINK_USED'): Promise<VigiaError> {
    const { store, clock } = this.#deps;
    const run = await store.runs.get(link.run);
    const state = run?.state ?? 'unknown';
    await store.audit.append({
      id: stableId('audit', link.run, link.channel, code, Math.floor(clock.now() / MINUTE_MS)),
      time: clock.now(),
      actor: nameOf(link),
      verb: 'link.refuse',
      target: link.run,
      detail: { reason: code, state },
    });
    return new VigiaError(code, { state, by: run?.decidedBy ?? VIGIA });
  }
}
