import { useState } from 'react';
import type { StartWalkInVisitInput } from '../../client/client.ts';
import {
  useInfiniteVisitsQuery,
  usePatientRecordQuery,
  useStartWalkInVisitMutation,
} from '../../client/react.ts';
import { ActionForm } from '../actions/action-form.tsx';
import { entryIn } from '../actions/entries.ts';
import { LinkResult } from '../actions/link-result.tsx';
import { useAction } from '../actions/use-action.ts';
import { Dialog } from '../elements/dialog.tsx';
import { TextField } from '../elements/text-field.tsx';
import type { PatientRecord } from '../patient/patient-record.ts';
import { problemAt } from '../problems/explain.ts';
import { settings } from '../settings.ts';
import { RoomFields } from './room-fields.tsx';
import { RoomList } from './room-list.tsx';

export interface WalkInDialogProps {
  patient: PatientRecord;
  /** Leads to a new link for the visits that there are. */
  onNewLink: () => void;
  onClose: () => void;
}

/** A visit that starts now: the patient gets a link into the waiting room. */
export function WalkInDialog({ patient, onNewLink, onClose }: WalkInDialogProps) {
  const [roomCode, setRoomCode] = useState<string>(settings.roomCode);
  const [started, setStarted] = useState<{ url: string | null }>();
  const action = useAction(useStartWalkInVisitMutation, {
    payloadOf: ({ startWalkInVisit }) => startWalkInVisit,
    changes: [useInfiniteVisitsQuery, usePatientRecordQuery],
    onDone: ({ joinUrl }) => {
      setStarted({ url: joinUrl });
    },
  });
  const { errors } = action;
  const inputFrom = (form: FormData): StartWalkInVisitInput => {
    const reasonForVisit = entryIn(form, 'reason');
    const consultationId = entryIn(form, 'consultation');
    const providerId = entryIn(form, 'provider');
    return {
      patientId: patient.id,
      roomCode,
      ...(consultationId && { consultationId }),
      ...(providerId && { providerId }),
      ...(reasonForVisit && { intake: { reasonForVisit } }),
    };
  };
  return (
    <Dialog title="Start a walk-in" patient={patient} onClose={onClose}>
      {started ? (
        <LinkResult
          {...started}
          done="The patient is in the waiting room’s queue."
          title="Open the visit"
          again="New VSee link"
        />
      ) : (
        <ActionForm
          action={action}
          inputFrom={inputFrom}
          submit="Start now"
          help={{
            VENDOR_REJECTED: (
              <div className="way-on">
                <p>If the patient has a visit open already, a new link leads to it.</p>
                <button type="button" onClick={onNewLink}>
                  New VSee link
                </button>
              </div>
            ),
          }}
        >
          <TextField
            name="reason"
            label="Reason for the visit"
            maxLength={500}
            problem={problemAt(errors, 'intake', 'reasonForVisit')}
          />
          <TextField
            name="room"
            label="Room"
            hint="As VSee calls it"
            list="rooms"
            required
            value={roomCode}
            onChange={({ target }) => setRoomCode(target.value.trim())}
            problem={problemAt(errors, 'roomCode')}
          />
          <RoomList id="rooms" />
          <RoomFields
            code={roomCode}
            problems={{
              consultation: problemAt(errors, 'consultationId'),
              provider: problemAt(errors, 'providerId'),
            }}
          />
        </ActionForm>
      )}
    </Dialog>
  );
}
