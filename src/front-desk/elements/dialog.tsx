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

/**
 * What must not be left: `DIALOG` while something is under way, whose answer has no other place; `STEP`
 * while the step that the dialog is at has to be brought to an end, though not now.
 */
export type Held = 'DIALOG' | 'STEP' | undefined;

const HoldContext = createContext<{ held: Held; hold: (held: Held) => void }>({
  held: undefined,
  hold: () => undefined,
});

/** Keeps the dialog around it where it is. */
export function useHold(held: Held) {
  const { hold } = useContext(HoldContext);
  useEffect(() => {
    hold(held);
    return () => hold(undefined);
  }, [hold, held]);
}

/** Whether there is a way back to earlier steps of the dialog. */
export const useMayGoBack = () => useContext(HoldContext).held === undefined;

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
  const [held, hold] = useState<Held>();
  const stays = held === 'DIALOG';
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      closedby={stays ? 'none' : 'closerequest'}
      onClose={() => dialog.current?.open === false && onClose()}
    >
      <h2 id={titleId}>{title}</h2>
      <HoldContext value={{ held, hold }}>{children}</HoldContext>
      {/* Last, so that the focus begins in the content. */}
      <button
        type="button"
        className="dialog-close"
        aria-label="Close"
        aria-disabled={stays}
        onClick={() => stays || dialog.current?.close()}
      >
        <span aria-hidden="true">×</span>
      </button>
    </dialog>
  );
}
