import { describeMatrix } from './describe-matrix.ts';
import { myPatientPortalScenarios } from './my-patient-portal-scenarios.ts';

await describeMatrix(myPatientPortalScenarios);
