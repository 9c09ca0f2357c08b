import { loadForest } from '../../ml/forest.ts';
import { loadGradientBoosting } from '../../ml/gradient-boosting.ts';
import { loadHazardBoosting } from '../../ml/hazard-boosting.ts';
import { MlError } from '../../ml/ml-error.ts';
import { loadLstm } from '../../ml/neural-lstm.ts';
import { loadOperatingRegimes } from '../../ml/operating-regimes.ts';
import { type DecodedModel, decodeModel, encodeModel, requireKind, type SectionArray } from '../../ml/serialize.ts';
import type { EntitySize } from './entity-size.ts';
import type { HazardModel } from './hazard-model.ts';
import { intervalsOf } from './intervals.ts';
import type { KindRisks } from './kind-risks.ts';
import type { KindShare } from './kind-model.ts';
import type { Team } from './members.ts';
import type { OwnScale } from './own-signals.ts';
import type { RowModel } from './row-builder.ts';

const KIND = 'hazard-predictor';
/** 4 added views of the entity's own and the forest of kinds, 5 those against its size, 6 risks of kinds; older ones have none of them. */
const VERSION = 6;
const MAX_TEAMS = 32;
const LIMITS = { maxBytes: 512 * 1024 * 1024 };

/** One container: small facts as JSON, numbers and the members' own containers as sections. */
export function encodeHazardModel(model: HazardModel): Uint8Array {
  const { horizons, rows, teams, stack, calibration, kinds, facts } = model;
  const { signals, windows, scale, specs } = rows.features;
  const sections: Record<string, SectionArray> = {
    regimes: signals.regimes.toBytes(),
    used: signals.used,
    fusing: signals.fusing,
    ...(signals.own !== null && ownSections(signals.own)),
    ...(signals.size !== null && { sizeUsual: signals.size.usual }),
    ...(signals.risks !== null && riskSections(signals.risks)),
    ...(kinds.forest !== null && { kinds: kinds.forest.toBytes() }),
    shares: stack.shares,
    theta: stack.theta,
    offset: calibration.offset,
    slope: calibration.slope,
  };
  for (const [i, team] of teams.entries()) {
    sections[`life${i}`] = team.life.toBytes();
    sections[`hazard${i}`] = team.hazard.toBytes();
    if (team.lstm !== null) sections[`lstm${i}`] = team.lstm.toBytes();
  }
  const sequence = rows.sequence === null ? null : { ...rows.sequence, context: [...rows.sequence.context] };
  const header = {
    horizons,
    columns: signals.columns,
    fused: signals.fused,
    own: signals.own !== null,
    risks: signals.risks !== null,
    ...(signals.size !== null && { yardstick: signals.size.yardstick }),
    step: signals.step,
    windows,
    scale,
    specs,
    sequence,
    spread: stack.spread,
    kinds: kinds.shares,
    kindsTold: kinds.forest !== null,
    facts,
    teams: teams.map(({ lstm }) => (lstm === null ? 2 : 3)),
  };
  return encodeModel(KIND, VERSION, header, sections);
}

const riskSections = ({ of, bends, curves }: KindRisks): Record<string, SectionArray> => ({
  risksOf: of,
  riskBends: bends,
  riskCurves: curves,
});

const ownSections = ({ unit, bent, within }: OwnScale): Record<string, SectionArray> => ({
  ownUnit: unit,
  ownBent: bent,
  ownWithin: within,
});

/** What `encodeHazardModel` wrote. Throws the codes of `decodeModel`. */
export function decodeHazardModel(bytes: Uint8Array): HazardModel {
  const decoded = decodeModel(bytes, LIMITS);
  requireKind(decoded, KIND, VERSION);
  // The checksum held, so the header is what this program wrote; its shape is that of the encoder above.
  const header = decoded.header as unknown as Header;
  const intervals = intervalsOf(header.horizons);
  const edges = intervals.edges.length;
  const teams = header.teams.slice(0, MAX_TEAMS).map((members, i) => decodeTeam(decoded, i, members));
  const positions = 1 + (header.teams[0] ?? 2);
  const model: HazardModel = {
    horizons: header.horizons,
    intervals,
    rows: decodeRows(decoded, header),
    teams,
    stack: {
      shares: decoded.section('shares', 'f64', positions),
      spread: header.spread,
      theta: decoded.section('theta', 'f64'),
    },
    calibration: {
      offset: decoded.section('offset', 'f64', edges),
      slope: decoded.section('slope', 'f64', edges),
    },
    kinds: {
      shares: header.kinds,
      forest: header.kindsTold === true ? loadForest(decoded.section('kinds', 'u8')) : null,
    },
    facts: header.facts,
  };
  checkFits(model);
  return model;
}

type Header = Pick<HazardModel, 'horizons' | 'facts'> &
  Pick<RowModel['features'], 'windows' | 'scale' | 'specs'> & {
    readonly columns: readonly string[];
    readonly fused: number;
    readonly own?: boolean;
    readonly risks?: boolean;
    readonly yardstick?: number;
    readonly kinds: readonly KindShare[];
    readonly kindsTold?: boolean;
    readonly step: number;
    readonly spread: number;
    readonly sequence: (Omit<NonNullable<RowModel['sequence']>, 'context'> & { readonly context: number[] }) | null;
    readonly teams: readonly number[];
  };

function decodeRows(decoded: DecodedModel, header: Header): RowModel {
  const used = decoded.section('used', 'i32');
  const { columns, fused, step, windows, scale, specs, sequence } = header;
  const regimes = loadOperatingRegimes(decoded.section('regimes', 'u8'));
  const own = header.own === true ? decodeOwn(decoded, used.length) : null;
  const size = header.yardstick === undefined ? null : decodeSize(decoded, header.yardstick, used.length);
  const fusing = decoded.section('fusing', 'f64', fused * used.length);
  const risks = header.risks === true ? decodeRisks(decoded) : null;
  return {
    features: { signals: { columns, regimes, used, own, size, fusing, fused, risks, step }, windows, scale, specs },
    sequence: sequence === null ? null : { ...sequence, context: Int32Array.from(sequence.context) },
  };
}

const decodeRisks = (decoded: DecodedModel): KindRisks => ({
  of: decoded.section('risksOf', 'i32'),
  bends: decoded.section('riskBends', 'f64'),
  curves: decoded.section('riskCurves', 'f64'),
});

function decodeOwn(decoded: DecodedModel, used: number): OwnScale {
  return {
    unit: decoded.section('ownUnit', 'f64', used),
    bent: decoded.section('ownBent', 'u8', used),
    within: decoded.section('ownWithin', 'f64', used),
  };
}

const decodeSize = (decoded: DecodedModel, yardstick: number, used: number): EntitySize => ({
  yardstick,
  usual: decoded.section('sizeUsual', 'f64', used),
});

function decodeTeam(decoded: DecodedModel, index: number, members: number): Team {
  return {
    life: loadGradientBoosting(decoded.section(`life${index}`, 'u8')),
    hazard: loadHazardBoosting(decoded.section(`hazard${index}`, 'u8')),
    lstm: members > 2 ? loadLstm(decoded.section(`lstm${index}`, 'u8')) : null,
  };
}

function checkFits({ rows, teams }: HazardModel): void {
  const { specs, signals } = rows.features;
  const fits = teams.every(({ life, hazard }) => life.columns === specs.length && hazard.columns === specs.length);
  if (teams.length === 0 || !fits || signals.regimes.columns !== signals.columns.length) {
    throw new MlError('ML_FORMAT', 'the parts of the predictor do not fit each other');
  }
}
