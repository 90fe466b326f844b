import { useState } from 'react';
import { usePortalAccessQuery } from '../../client/react.ts';
import { Card } from '../elements/card.tsx';
import { Loading } from '../elements/loading.tsx';
import { isLinked, type PatientRecord } from '../patient/patient-record.ts';
import { explainError } from '../problems/explain.ts';
import { ProblemNote } from '../problems/problem-note.tsx';
import { StaleNote } from '../problems/stale-note.tsx';
import { AccessActions } from './access-actions.tsx';
import { AccessTable } from './access-table.tsx';
import { EnableDialog } from './enable-dialog.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { OnboardDialog } from './onboard-dialog.tsx';
import { RevokeDialog } from './revoke-dialog.tsx';

export type AccessTask = 'onboard' | 'enable' | 'revoke' | 'invite';

/** Ways into the vendors' portals that were given to the patient, as the clinic recorded them. */
export function AccessCard({ patient }: { patient: PatientRecord }) {
  const [task, setTask] = useState<AccessTask>();
  const query = usePortalAccessQuery({ patientId: patient.id });
  const { data, error, isFetching, refetch } = query;
  const accesses = data?.patient?.portalAccess ?? [];
  const isActive = accesses.some(
    ({ vendor, status }) => vendor === 'NIMBUS' && status === 'ACTIVE',
  );
  const close = () => setTask(undefined);
  return (
    <Card
      area="access"
      title="Portal access"
      actions={<AccessActions patient={patient} isActive={isActive} onChoose={setTask} />}
    >
      {data !== undefined && <StaleNote query={query} />}
      {data === undefined && error ? (
        <ProblemNote {...explainError(error)} busy={isFetching} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading what="Looking up" />
      ) : accesses.length === 0 ? (
        <p className="empty">
          {isLinked(patient, 'NIMBUS')
            ? 'No sign-in link was given yet.'
            : 'The patient is not onboarded at Nimbus yet.'}
        </p>
      ) : (
        <AccessTable accesses={accesses} />
      )}
      {task === 'onboard' && <OnboardDialog patient={patient} onClose={close} />}
      {task === 'enable' && <EnableDialog patient={patient} onClose={close} />}
      {task === 'revoke' && <RevokeDialog patient={patient} onClose={close} />}
      {task === 'invite' && <InviteDialog patient={patient} onClose={close} />}
    </Card>
  );
}
