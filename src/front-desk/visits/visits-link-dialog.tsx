import { useState } from 'react';
import { useCreatePortalLinkMutation, usePortalAccessQuery } from '../../client/react.ts';
import { ActionForm } from '../actions/action-form.tsx';
import { LinkResult } from '../actions/link-result.tsx';
import { useAction } from '../actions/use-action.ts';
import { Dialog } from '../elements/dialog.tsx';

/** A new way to the patient's visits at VSee: the link that a visit began with is shown only once. */
export function VisitsLinkDialog(props: { patientId: string; onClose: () => void }) {
  const { patientId, onClose } = props;
  const [given, setGiven] = useState<{ url: string | null }>();
  const action = useAction(useCreatePortalLinkMutation, {
    payloadOf: ({ createPortalLink }) => createPortalLink,
    changes: [usePortalAccessQuery],
    onDone: ({ portalAccess }) => {
      setGiven({ url: portalAccess?.redirectUrl ?? null });
    },
  });
  return (
    <Dialog title="New link for VSee" onClose={onClose}>
      {given ? (
        <LinkResult
          {...given}
          done="The link is made."
          title="Open the portal"
          again="New VSee link"
          onClose={onClose}
        />
      ) : (
        <ActionForm action={action} inputFrom={() => ({ patientId })} submit="Make the link">
          <p>The patient signs in with it, without a password, and finds their visits there.</p>
        </ActionForm>
      )}
    </Dialog>
  );
}
