import { MlError } from './ml-error.ts';
import type { RbfRows } from './svm-kernel-rows.ts';

/** What the solver found: `decision(x) = Σ alpha_i K(x_i, x) − rho`. */
export interface OneClassSolution {
  readonly alpha: Float64Array;
  readonly rho: number;
  readonly iterations: number;
}

export interface OneClassProblem {
  readonly rows: number;
  readonly nu: number;
  readonly tolerance: number;
  readonly maxIterations: number;
  readonly kernel: RbfRows;
}

/** Curvatures below this are taken for it, as in LIBSVM: the pair is then all but parallel. */
const TAU = 1e-12;
/** How many iterations lie between two looks for variables that can be left out. */
const SHRINK_EVERY = 1000;

/**
 * Sequential minimal optimisation for min ½ αᵀQα, 0 ≤ α ≤ 1, Σα = ν·rows, Q the kernel with ones on its diagonal.
 * Working set by second-order information (Fan, Chen and Lin, 2005), shrinking after LIBSVM (Chang and Lin, 2011, 5.1).
 */
class OneClassSolver {
  readonly #problem: OneClassProblem;
  readonly #alpha: Float64Array;
  readonly #gradient: Float64Array;
  /** Indices under work, the first `#active` of the order; the others are at a bound and look settled. */
  readonly #order: Int32Array;
  #active: number;
  #unshrunk = false;
  #i = -1;
  #j = -1;

  constructor(problem: OneClassProblem) {
    this.#problem = problem;
    const { rows, nu, kernel } = problem;
    this.#alpha = new Float64Array(rows);
    this.#gradient = new Float64Array(rows);
    this.#order = Int32Array.from({ length: rows }, (_, i) => i);
    this.#active = rows;
    const whole = Math.floor(nu * rows);
    this.#alpha.fill(1, 0, whole);
    if (whole < rows) this.#alpha[whole] = nu * rows - whole;
    const gradient = this.#gradient;
    for (let i = 0; i < rows; i++) {
      const weight = this.#alpha[i]!;
      if (weight === 0) continue;
      const row = kernel.row(i);
      for (let j = 0; j < rows; j++) gradient[j]! += weight * row[j]!;
    }
  }

  solve(): OneClassSolution {
    const { rows, maxIterations } = this.#problem;
    let countdown = Math.min(rows, SHRINK_EVERY);
    for (let iteration = 0; iteration < maxIterations; iteration++) {
      if (--countdown === 0) {
        countdown = Math.min(rows, SHRINK_EVERY);
        this.#shrink();
      }
      if (!this.#select()) {
        // Settled on the active part; look at everything once more before believing it.
        if (this.#active === rows) return { alpha: this.#alpha, rho: this.#rho(), iterations: iteration };
        this.#restore();
        if (!this.#select()) return { alpha: this.#alpha, rho: this.#rho(), iterations: iteration };
        countdown = 1;
      }
      this.#update();
    }
    throw new MlError('ML_NOT_CONVERGED', `one-class SVM: no solution within ${maxIterations} iterations`);
  }

  /** The pair that promises most; false when the optimum is reached within the tolerance. */
  #select(): boolean {
    const alpha = this.#alpha;
    const gradient = this.#gradient;
    const order = this.#order;
    const active = this.#active;
    let steepest = Number.NEGATIVE_INFINITY;
    let i = -1;
    for (let k = 0; k < active; k++) {
      const t = order[k]!;
      if (alpha[t]! < 1 && -gradient[t]! >= steepest) {
        steepest = -gradient[t]!;
        i = t;
      }
    }
    if (i < 0) return false;
    const row = this.#problem.kernel.row(i);
    let highest = Number.NEGATIVE_INFINITY;
    let best = Number.POSITIVE_INFINITY;
    let j = -1;
    for (let k = 0; k < active; k++) {
      const t = order[k]!;
      if (!(alpha[t]! > 0)) continue;
      const slope = gradient[t]!;
      if (slope > highest) highest = slope;
      const gain = steepest + slope;
      if (gain <= 0) continue;
      const curvature = 2 - 2 * row[t]!;
      const objective = -(gain * gain) / (curvature > TAU ? curvature : TAU);
      if (objective <= best) {
        best = objective;
        j = t;
      }
    }
    this.#i = i;
    this.#j = j;
    return j >= 0 && steepest + highest >= this.#problem.tolerance;
  }

  /** Moves weight from j to i as far as it pays and the bounds allow. */
  #update(): void {
    const { kernel } = this.#problem;
    const alpha = this.#alpha;
    const gradient = this.#gradient;
    const i = this.#i;
    const j = this.#j;
    const rowI = kernel.row(i);
    const rowJ = kernel.row(j);
    const curvature = Math.max(2 - 2 * rowI[j]!, TAU);
    const sum = alpha[i]! + alpha[j]!;
    const before = alpha[i]!;
    const least = Math.max(0, sum - 1);
    const most = Math.min(1, sum);
    const after = Math.min(most, Math.max(least, before - (gradient[i]! - gradient[j]!) / curvature));
    alpha[i] = after;
    alpha[j] = sum - after;
    const change = after - before;
    const order = this.#order;
    const active = this.#active;
    for (let k = 0; k < active; k++) {
      const t = order[k]!;
      gradient[t]! += change * (rowI[t]! - rowJ[t]!);
    }
  }

  /** Largest −gradient of what may grow, and largest gradient of what may fall, over the active part. */
  #violation(): { readonly grow: number; readonly fall: number } {
    let grow = Number.NEGATIVE_INFINITY;
    let fall = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < this.#active; k++) {
      const t = this.#order[k]!;
      if (this.#alpha[t]! < 1) grow = Math.max(grow, -this.#gradient[t]!);
      if (this.#alpha[t]! > 0) fall = Math.max(fall, this.#gradient[t]!);
    }
    return { grow, fall };
  }

  /** Leaves out what sits at a bound and is pressed against it. */
  #shrink(): void {
    const { grow, fall } = this.#violation();
    if (!this.#unshrunk && grow + fall <= this.#problem.tolerance * 10) {
      this.#unshrunk = true;
      this.#restore();
    }
    for (let k = 0; k < this.#active;) {
      const t = this.#order[k]!;
      const settled =
        (this.#alpha[t]! >= 1 && -this.#gradient[t]! > grow) || (this.#alpha[t]! <= 0 && this.#gradient[t]! > fall);
      if (!settled) {
        k++;
        continue;
      }
      this.#active--;
      this.#order[k] = this.#order[this.#active]!;
      this.#order[this.#active] = t;
    }
  }

  /** Takes everything back in, with its gradient made anew from the weights. */
  #restore(): void {
    const { rows, kernel } = this.#problem;
    const order = this.#order;
    if (this.#active === rows) return;
    for (let k = this.#active; k < rows; k++) this.#gradient[order[k]!] = 0;
    for (let i = 0; i < rows; i++) {
      const weight = this.#alpha[i]!;
      if (weight === 0) continue;
      const row = kernel.row(i);
      for (let k = this.#active; k < rows; k++) this.#gradient[order[k]!]! += weight * row[order[k]!]!;
    }
    this.#active = rows;
  }

  /** The offset: the mean gradient of what is strictly between the bounds, else the middle of what the bounds allow. */
  #rho(): number {
    let upper = Number.POSITIVE_INFINITY;
    let lower = Number.NEGATIVE_INFINITY;
    let sum = 0;
    let free = 0;
    for (let t = 0; t < this.#alpha.length; t++) {
      const slope = this.#gradient[t]!;
      if (this.#alpha[t]! >= 1) lower = Math.max(lower, slope);
      else if (this.#alpha[t]! <= 0) upper = Math.min(upper, slope);
      else {
        sum += slope;
        free++;
      }
    }
    return free > 0 ? sum / free : (upper + lower) / 2;
  }
}

/** Solves the problem. Throws `ML_NOT_CONVERGED` at the bound on iterations. */
export const solveOneClass = (problem: OneClassProblem): OneClassSolution => new OneClassSolver(problem).solve();
