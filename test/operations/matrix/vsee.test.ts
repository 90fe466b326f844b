import { describeMatrix } from './describe-matrix.ts';
import { vseeScenarios } from './vsee-scenarios.ts';

await describeMatrix(vseeScenarios);
