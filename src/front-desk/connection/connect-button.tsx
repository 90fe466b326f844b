import { useConnectPatientPortalMutation } from '../../client/react.ts';
import { ActionProblemNote } from '../actions/action-problem-note.tsx';
import { useAction } from '../actions/use-action.ts';
import { BusyButton } from '../elements/busy-button.tsx';

/** Sends the browser to MyPatientPortal's own login, which comes back to this page. */
export function ConnectButton({ patientId }: { patientId: string }) {
  const action = useAction(useConnectPatientPortalMutation, {
    payloadOf: ({ connectPatientPortal }) => connectPatientPortal,
    changes: [],
    onDone: ({ authorizationUrl }) => {
      if (authorizationUrl !== null) {
        location.assign(authorizationUrl);
      }
    },
  });
  const connect = () => action.submit({ patientId, returnTo: location.href.replace(/#.*/, '') });
  return (
    <div className="way-on">
      <BusyButton look="primary" busy={action.busy} onClick={connect}>
        Connect MyPatientPortal
      </BusyButton>
      <p className="hint">The patient signs in there and allows it; then you are back here.</p>
      <ActionProblemNote action={action} />
    </div>
  );
}
