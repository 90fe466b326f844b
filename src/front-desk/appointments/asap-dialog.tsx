import type { ChangeDialogProps } from './change-dialog.ts';
import { JoinAsapDialog } from './join-asap-dialog.tsx';
import { LeaveAsapDialog } from './leave-asap-dialog.tsx';

/** The list of those who are told by mail when an earlier time opens up. */
export const AsapDialog = (props: ChangeDialogProps) =>
  props.appointment.asapListSubscribed ? (
    <LeaveAsapDialog {...props} />
  ) : (
    <JoinAsapDialog {...props} />
  );
