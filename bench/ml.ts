import { neuralRows } from './ml-neural.ts';
import { svmRows } from './ml-svm.ts';
import { treeRows } from './ml-trees.ts';
import { report } from './report.ts';

// One after another: rows measured at the same time would measure each other.
report([...(await treeRows()), ...(await neuralRows()), ...(await svmRows())]);
