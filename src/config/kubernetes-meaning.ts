import { Ajv, type ValidateFunction } from 'ajv';
import { KUBERNETES_OPERATIONS, kubernetesArguments } from '../model/kubernetes-arguments.ts';
import { saying } from './mistake.ts';
import { nearest } from './nearest.ts';
import { type Path, type Problem, problemsOf } from './validate.ts';
import { value, wrong } from './wrong.ts';

type Operation = (typeof KUBERNETES_OPERATIONS)[number];

interface WrittenAction {
  readonly executor: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

const compiled = new Map<Operation, ValidateFunction>();

function validatorOf(operation: Operation): ValidateFunction {
  const known = compiled.get(operation);
  if (known !== undefined) return known;
  const made = new Ajv({ allErrors: true, verbose: true, strict: false }).compile(kubernetesArguments[operation]);
  compiled.set(operation, made);
  return made;
}

/** What is wrong with the arguments of an action of the executor `kubernetes`. */
function argumentProblems(args: Readonly<Record<string, unknown>>, at: Path): readonly Problem[] {
  const operation = KUBERNETES_OPERATIONS.find((name) => name === args['do']);
  if (operation === undefined) {
    const near = typeof args['do'] === 'string' ? nearest(args['do'], KUBERNETES_OPERATIONS) : null;
    const found = args['do'] === undefined ? saying('config.found_nothing') : value(args['do']);
    const values = KUBERNETES_OPERATIONS.join(', ');
    const expected =
      near === null
        ? saying('config.expects_one_of', { values })
        : saying('config.expects_did_you_mean', { name: near });
    return [wrong(args['do'] === undefined ? at : [...at, 'do'], found, expected)];
  }
  const problems = problemsOf(validatorOf(operation), args, at);
  const ways = ['replicas', 'by'].filter((name) => args[name] !== undefined).length;
  if (operation !== 'scale' || ways === 1) return problems;
  return [...problems, wrong(at, value(args), saying('config.expects_one_of', { values: 'replicas, by' }))];
}

export const kubernetesProblems = (actions: readonly WrittenAction[]): readonly Problem[] =>
  actions.flatMap(({ executor, args = {} }, index) =>
    executor === 'kubernetes' ? argumentProblems(args, ['actions', index, 'args']) : [],
  );
