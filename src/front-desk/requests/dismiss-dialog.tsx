import type { PortalRequestFieldsFragment } from '../../client/client.ts';
import {
  useDismissPortalRequestMutation,
  useInfinitePortalRequestsQuery,
} from '../../client/react.ts';
import { ActionForm } from '../actions/action-form.tsx';
import { useAction } from '../actions/use-action.ts';
import { Dialog } from '../elements/dialog.tsx';
import { useNotify } from '../elements/notice-board.tsx';
import { vendorName } from '../elements/vendors.ts';
import type { PatientRecord } from '../patient/patient-record.ts';
import { nameOf } from './request-name.ts';

/** Takes a request out of the vendor's queue. */
export function DismissDialog(props: {
  patient: PatientRecord;
  request: PortalRequestFieldsFragment;
  onClose: () => void;
}) {
  const { patient, request, onClose } = props;
  const notify = useNotify();
  const action = useAction(useDismissPortalRequestMutation, {
    payloadOf: ({ dismissPortalRequest }) => dismissPortalRequest,
    changes: [useInfinitePortalRequestsQuery],
    onDone: () => {
      notify('The request is dismissed.');
      onClose();
    },
  });
  return (
    <Dialog title="Dismiss this request?" patient={patient} onClose={onClose}>
      <ActionForm
        action={action}
        inputFrom={() => ({ portalRequestId: request.id })}
        submit="Dismiss it"
        look="danger"
      >
        <p>
          “{nameOf(request)}” leaves {vendorName(request.vendor)}’s queue. This cannot be taken
          back.
        </p>
      </ActionForm>
    </Dialog>
  );
}
