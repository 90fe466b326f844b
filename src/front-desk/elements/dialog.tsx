import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';

const HoldContext = createContext({ held: false, hold: (_held: boolean) => {} });

/** Keeps the dialog around it open while something is under way whose answer must be seen. */
export function useHeldOpen(held: boolean) {
  const { hold } = useContext(HoldContext);
  useEffect(() => {
    hold(held);
    return () => hold(false);
  }, [hold, held]);
}

/** Whether the dialog is kept open so: nothing may lead away from what is under way. */
export const useIsHeldOpen = () => useContext(HoldContext).held;

export interface DialogProps {
  title: string;
  /** Called when it was closed, by its button or by Escape. */
  onClose: () => void;
  children: ReactNode;
}

/** A modal dialog: the browser keeps the focus in it, and gives it back to what had it before. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const [held, setHeld] = useState(false);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      closedby={held ? 'none' : 'closerequest'}
      onClose={() => dialog.current?.open === false && onClose()}
    >
      <h2 id={titleId}>{title}</h2>
      <HoldContext value={{ held, hold: setHeld }}>{children}</HoldContext>
      {/* Last, so that the focus begins in the content. */}
      <button
        type="button"
        className="dialog-close"
        aria-label="Close"
        aria-disabled={held}
        onClick={() => held || dialog.current?.close()}
      >
        <span aria-hidden="true">×</span>
      </button>
    </dialog>
  );
}
