import { useState } from 'react';
import { useEnablePortalAccessMutation, usePortalAccessQuery } from '../../client/react.ts';
import { ActionForm } from '../actions/action-form.tsx';
import { LinkResult } from '../actions/link-result.tsx';
import { useAction } from '../actions/use-action.ts';
import { Dialog } from '../elements/dialog.tsx';
import { TextField } from '../elements/text-field.tsx';
import type { PatientRecord } from '../patient/patient-record.ts';
import { problemAt } from '../problems/explain.ts';

const usualHours = 24;

/** A new way into Nimbus' portal. */
export function EnableDialog(props: { patient: PatientRecord; onClose: () => void }) {
  const { patient, onClose } = props;
  const [given, setGiven] = useState<{ url: string | null }>();
  const action = useAction(useEnablePortalAccessMutation, {
    payloadOf: ({ enablePortalAccess }) => enablePortalAccess,
    changes: [usePortalAccessQuery],
    onDone: ({ portalAccess }) => {
      setGiven({ url: portalAccess?.redirectUrl ?? null });
    },
  });
  const { errors } = action;
  return (
    <Dialog title="New sign-in link for Nimbus" patient={patient} onClose={onClose}>
      {given ? (
        <LinkResult
          {...given}
          done="Portal access is enabled."
          title="Open the portal"
          again="New sign-in link"
        />
      ) : (
        <ActionForm
          action={action}
          inputFrom={(form) => ({
            patientId: patient.id,
            validForHours: Number(form.get('hours')),
          })}
          submit="Make the link"
        >
          <p>The patient signs in with it, without a password. An earlier link ends.</p>
          <TextField
            name="hours"
            type="number"
            label="Valid for (hours)"
            required
            min={1}
            max={720}
            defaultValue={usualHours}
            problem={problemAt(errors, 'validForHours')}
          />
        </ActionForm>
      )}
    </Dialog>
  );
}
