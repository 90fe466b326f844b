import { useEffect, useRef, useState } from 'react';
import {
  useCompletePatientPortalConnectionMutation,
  useInfiniteAppointmentsQuery,
  usePatientRecordQuery,
} from '../../client/react.ts';
import { ActionProblemNote } from '../actions/action-problem-note.tsx';
import { useAction } from '../actions/use-action.ts';
import { Loading } from '../elements/loading.tsx';
import { useNotify } from '../elements/notice-board.tsx';
import { ProblemNote } from '../problems/problem-note.tsx';
import { claimPortalReturn } from './portal-return-address.ts';

const again = 'Start it again from the patient’s appointments.';

const errorWords: Readonly<Record<string, string | undefined>> = {
  access_denied: 'The patient did not allow the connection.',
  vendor_unavailable: 'MyPatientPortal could not be reached to end the login.',
};

/** Ends a login at MyPatientPortal that has just come back to this page. */
export function PortalReturn() {
  const [{ connection, error } = {}] = useState(claimPortalReturn);
  const notify = useNotify();
  const action = useAction(useCompletePatientPortalConnectionMutation, {
    payloadOf: ({ completePatientPortalConnection }) => completePatientPortalConnection,
    changes: [usePatientRecordQuery, useInfiniteAppointmentsQuery],
    onDone: () => notify('MyPatientPortal is connected.'),
  });
  const { submit, busy } = action;
  const sent = useRef(false);
  useEffect(() => {
    if (connection !== undefined && !sent.current) {
      sent.current = true;
      submit({ connection });
    }
  }, [connection, submit]);
  if (error !== undefined) {
    const what = errorWords[error] ?? 'The login at MyPatientPortal did not come to an end.';
    return <ProblemNote what={what} next={again} />;
  }
  return busy ? (
    <Loading what="Connecting MyPatientPortal" />
  ) : (
    <ActionProblemNote action={action} />
  );
}
