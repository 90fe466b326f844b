import { isLinked, type PatientRecord } from '../patient/patient-record.ts';
import { useViewer } from '../session/viewer.tsx';
import type { AccessTask } from './access-card.tsx';
import { invitingVendors } from './inviting-vendors.ts';

export interface AccessActionsProps {
  patient: PatientRecord;
  /** Whether there is an access to revoke. */
  isActive: boolean;
  onChoose: (task: AccessTask) => void;
}

export function AccessActions({ patient, isActive, onChoose }: AccessActionsProps) {
  const { isStaff } = useViewer();
  const button = (task: AccessTask, word: string) => (
    <button type="button" onClick={() => onChoose(task)}>
      {word}
    </button>
  );
  return (
    <>
      {/* It comes later than the others: from the left, so that they stay where somebody is about to press them. */}
      {isStaff && isActive && button('revoke', 'Revoke')}
      {isLinked(patient, 'NIMBUS')
        ? button('enable', 'New sign-in link')
        : button('onboard', 'Onboard at Nimbus')}
      {isStaff && invitingVendors(patient).length > 0 && button('invite', 'Invite')}
    </>
  );
}
