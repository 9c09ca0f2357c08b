import { checkMachineInTrouble } from './machine-trouble.ts';
import { startVigia } from './vigia.ts';

checkMachineInTrouble('this machine in trouble', startVigia);
