import { useState } from 'react';
import { useCreatePortalLinkMutation, usePortalAccessQuery } from '../../client/react.ts';
import { ActionForm } from '../actions/action-form.tsx';
import { LinkResult } from '../actions/link-result.tsx';
import { useAction } from '../actions/use-action.ts';
import { Dialog } from '../elements/dialog.tsx';
import type { PatientRecord } from '../patient/patient-record.ts';

/** A new way to the patient's visits at VSee: the link that a visit began with is shown only once. */
export function VisitsLinkDialog(props: { patient: PatientRecord; onClose: () => void }) {
  const { patient, onClose } = props;
  const [given, setGiven] = useState<{ url: string | null }>();
  const action = useAction(useCreatePortalLinkMutation, {
    payloadOf: ({ createPortalLink }) => createPortalLink,
    changes: [usePortalAccessQuery],
    onDone: ({ portalAccess }) => {
      setGiven({ url: portalAccess?.redirectUrl ?? null });
    },
  });
  return (
    <Dialog title="New link for VSee" patient={patient} onClose={onClose}>
      {given ? (
        <LinkResult
          {...given}
          done="The link is made."
          title="Open the portal"
          again="New VSee link"
        />
      ) : (
        <ActionForm
          action={action}
          inputFrom={() => ({ patientId: patient.id })}
          submit="Make the link"
        >
          <p>The patient signs in with it, without a password, and finds their visits there.</p>
        </ActionForm>
      )}
    </Dialog>
  );
}
