import { describeMatrix } from './describe-matrix.ts';
import { nimbusScenarios } from './nimbus-scenarios.ts';

await describeMatrix(nimbusScenarios);
