import { useState } from 'react';
import type { PatientFieldsFragment } from '../../client/client.ts';
import {
  useInfinitePatientsQuery,
  useLatestOrderQuery,
  useOnboardPatientMutation,
  usePatientRecordQuery,
  usePortalAccessQuery,
} from '../../client/react.ts';
import { ActionForm } from '../actions/action-form.tsx';
import { LinkResult } from '../actions/link-result.tsx';
import { useAction } from '../actions/use-action.ts';
import { Dialog } from '../elements/dialog.tsx';
import type { PatientRecord } from '../patient/patient-record.ts';
import { selectPatient } from '../session/selected-patient.ts';
import { MeasureFields } from './measure-fields.tsx';
import { gapsOf, onboardingFrom } from './onboarding-entries.ts';
import { PersonFields } from './person-fields.tsx';

/** Onboards at Nimbus: somebody new, or a patient of the register, whose gaps are filled then. */
export function OnboardDialog(props: { patient?: PatientRecord; onClose: () => void }) {
  const { patient, onClose } = props;
  const [onboarded, setOnboarded] = useState<{
    patient: PatientFieldsFragment | null;
    url: string | null;
  }>();
  const [known, setKnown] = useState<PatientFieldsFragment | null>(null);
  const action = useAction(useOnboardPatientMutation, {
    payloadOf: ({ onboardPatient }) => onboardPatient,
    changes: [
      ...[useInfinitePatientsQuery, usePatientRecordQuery],
      ...[usePortalAccessQuery, useLatestOrderQuery],
    ],
    onDone: (payload) => {
      setOnboarded({
        patient: payload.patient,
        url: payload.portalAccess?.redirectUrl ?? null,
      });
    },
    // Null for whoever may not see it.
    onRefused: (payload) => setKnown(payload.patient),
  });
  const { errors } = action;
  const finish = () => {
    if (patient === undefined && onboarded?.patient) {
      selectPatient(onboarded.patient.id);
    }
    onClose();
  };
  const goTo = (id: string) => {
    selectPatient(id);
    onClose();
  };
  return (
    <Dialog
      title={patient ? 'Onboard at Nimbus' : 'Onboard a new patient'}
      patient={patient ?? onboarded?.patient ?? undefined}
      onClose={finish}
    >
      {onboarded ? (
        <LinkResult
          url={onboarded.url}
          done="The patient is onboarded, and may sign in."
          title="Open the portal"
          again="New sign-in link"
        />
      ) : (
        <ActionForm
          action={action}
          inputFrom={(form) => ({
            ...(patient && { patientId: patient.id }),
            ...onboardingFrom(form),
          })}
          submit="Onboard"
          help={{
            ALREADY_EXISTS: known !== null && known.id !== patient?.id && (
              <button type="button" onClick={() => goTo(known.id)}>
                Open the record of {known.fullName}
              </button>
            ),
          }}
        >
          <PersonFields asked={gapsOf(patient)} errors={errors} />
          <MeasureFields errors={errors} />
        </ActionForm>
      )}
    </Dialog>
  );
}
