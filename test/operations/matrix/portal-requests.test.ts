import { describeMatrix } from './describe-matrix.ts';
import { portalRequestScenarios } from './portal-request-scenarios.ts';

await describeMatrix(portalRequestScenarios);
