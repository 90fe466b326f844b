import type { Vendor } from '../../client/client.ts';
import { useInvitePatientToPortalMutation, usePortalAccessQuery } from '../../client/react.ts';
import { ActionForm } from '../actions/action-form.tsx';
import { useAction } from '../actions/use-action.ts';
import { ChoiceField } from '../elements/choice-field.tsx';
import { Dialog } from '../elements/dialog.tsx';
import { useNotify } from '../elements/notice-board.tsx';
import { vendorName } from '../elements/vendors.ts';
import type { PatientRecord } from '../patient/patient-record.ts';
import { invitingVendors } from './inviting-vendors.ts';

/** Has a vendor mail an invitation into its portal. */
export function InviteDialog({
  patient,
  onClose,
}: {
  patient: PatientRecord;
  onClose: () => void;
}) {
  const vendors = invitingVendors(patient);
  const notify = useNotify();
  const action = useAction(useInvitePatientToPortalMutation, {
    payloadOf: ({ invitePatientToPortal }) => invitePatientToPortal,
    changes: [usePortalAccessQuery],
    onDone: () => {
      notify('The invitation is on its way.');
      onClose();
    },
  });
  return (
    <Dialog title="Invite to a portal" patient={patient} onClose={onClose}>
      <ActionForm
        action={action}
        inputFrom={(form) => ({
          patientId: patient.id,
          vendor: String(form.get('vendor')) as Vendor,
        })}
        submit="Send the invitation"
      >
        <p>
          The vendor mails it to the address that it has on file. Whoever is invited already gets a
          new password this way.
        </p>
        <ChoiceField
          name="vendor"
          label="Portal"
          required
          defaultValue={vendors[0] ?? ''}
          choices={vendors.map((vendor) => [vendor, vendorName(vendor)])}
        />
      </ActionForm>
    </Dialog>
  );
}
