import { usePortalAccessQuery, useRevokePortalAccessMutation } from '../../client/react.ts';
import { ActionForm } from '../actions/action-form.tsx';
import { entryIn } from '../actions/entries.ts';
import { useAction } from '../actions/use-action.ts';
import { Dialog } from '../elements/dialog.tsx';
import { useNotify } from '../elements/notice-board.tsx';
import { TextField } from '../elements/text-field.tsx';
import type { PatientRecord } from '../patient/patient-record.ts';
import { problemAt } from '../problems/explain.ts';

/** Ends the way into Nimbus' portal. */
export function RevokeDialog(props: { patient: PatientRecord; onClose: () => void }) {
  const { patient, onClose } = props;
  const notify = useNotify();
  const action = useAction(useRevokePortalAccessMutation, {
    payloadOf: ({ revokePortalAccess }) => revokePortalAccess,
    changes: [usePortalAccessQuery],
    onDone: () => {
      notify('Portal access is revoked.');
      onClose();
    },
  });
  const { errors } = action;
  return (
    <Dialog title="Revoke access to Nimbus?" patient={patient} onClose={onClose}>
      <ActionForm
        action={action}
        inputFrom={(form) => {
          const reason = entryIn(form, 'reason');
          return { patientId: patient.id, ...(reason !== undefined && { reason }) };
        }}
        submit="Revoke access"
        look="danger"
      >
        <p>The patient’s sign-in link stops working. You can make a new one at any time.</p>
        <TextField
          name="reason"
          label="Reason"
          maxLength={500}
          problem={problemAt(errors, 'reason')}
        />
      </ActionForm>
    </Dialog>
  );
}
