import {
  createContext,
  type KeyboardEvent,
  type ReactNode,
  type SyntheticEvent,
  useContext,
  useEffect,
  useEffectEvent,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { flushSync } from 'react-dom';
import type { PatientFieldsFragment } from '../../client/client.ts';
import { calendarDayText } from './times.ts';
import { keepWayBack } from './way-back.ts';

/**
 * What must not be left: `DIALOG` while something is under way, whose answer has no other place. And what
 * is left only if somebody means it: `STEP` while the step that the dialog is at has to be brought to an
 * end, `ENTRIES` while they were not sent, `LINK` while nobody has taken it.
 */
export type Held = 'DIALOG' | 'STEP' | 'ENTRIES' | 'LINK' | undefined;

const questions = {
  STEP: {
    title: 'Leave without knowing?',
    text: 'It may have been done already. Here you can find out; later only in the vendor’s own screens.',
  },
  ENTRIES: {
    title: 'Leave without sending?',
    text: 'What you have entered here is lost then.',
  },
  LINK: {
    title: 'Leave without the link?',
    text: 'It was neither opened nor copied, and it is never shown again.',
  },
} as const;

const HoldContext = createContext<{
  held: Held;
  hold: (held: Held) => void;
  leave: (go?: () => void) => void;
}>({
  held: undefined,
  hold: () => undefined,
  leave: () => undefined,
});

/** Keeps the dialog around it where it is. */
export function useHold(held: Held) {
  const { hold } = useContext(HoldContext);
  // At once: the next key may be Escape.
  useLayoutEffect(() => {
    hold(held);
    return () => hold(undefined);
  }, [hold, held]);
}

/** Whether there is a way back to earlier steps of the dialog. */
export function useMayGoBack() {
  const { held } = useContext(HoldContext);
  return held === undefined || held === 'ENTRIES';
}

/** Closes the dialog around it, or goes where it is told, but asks first whether that is meant. */
export const useLeave = () => useContext(HoldContext).leave;

export interface DialogProps {
  title: string;
  /** Whom it is for: it may cover all else that names them. Undefined where that is nobody of the register yet. */
  patient: Pick<PatientFieldsFragment, 'fullName' | 'birthDate'> | undefined;
  /** Called when it was closed, by its button or by Escape. */
  onClose: () => void;
  children: ReactNode;
}

/** A modal dialog: the browser keeps the focus in it, and gives it back to what had it before. */
export function Dialog({ title, patient, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const patientId = useId();
  const [held, hold] = useState<Held>();
  /** What is done if it is meant; undefined while nobody is asked. */
  const [asked, setAsked] = useState<{ go: () => void }>();
  const stays = held === 'DIALOG';
  const question = held === undefined || held === 'DIALOG' ? undefined : questions[held];
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  const close = () => dialog.current?.close();
  const leave = (go: () => void = close) => {
    if (question) {
      setAsked({ go });
    } else if (!stays) {
      go();
    }
  };
  const goBack = useEffectEvent((back: () => void) =>
    leave(() => {
      close();
      back();
    }),
  );
  useEffect(() => {
    if (held === undefined) {
      return;
    }
    // The browser asks by itself then, before the page is reloaded or closed.
    const ask = (event: Event) => event.preventDefault();
    addEventListener('beforeunload', ask);
    const giveFree = keepWayBack(goBack);
    return () => {
      removeEventListener('beforeunload', ask);
      giveFree();
    };
  }, [held]);
  const stay = () => setAsked(undefined);
  const leaveAnyway = () => {
    // One after the other: through both, the focus finds its way back.
    flushSync(stay);
    asked?.go();
  };
  const askOnEscape = (event: KeyboardEvent) => {
    if (question && !asked && event.key === 'Escape' && !event.nativeEvent.isComposing) {
      // The same key would close the question that it opens.
      event.preventDefault();
      leave();
    }
  };
  /** For browsers that do not know `closedby`. React lets the question's own closing come by here, too. */
  const keepOpen = (event: SyntheticEvent) => {
    if (held !== undefined && event.target === event.currentTarget) {
      event.preventDefault();
    }
  };
  return (
    <dialog
      ref={dialog}
      aria-labelledby={patient ? `${titleId} ${patientId}` : titleId}
      // A browser lets a page keep a dialog open against one Escape, but not against the next.
      closedby={held === undefined ? 'closerequest' : 'none'}
      onCancel={keepOpen}
      onKeyDown={askOnEscape}
      onClose={() => dialog.current?.open === false && onClose()}
    >
      <header className="dialog-head">
        <h2 id={titleId}>{title}</h2>
        {patient && (
          <p className="dialog-patient" id={patientId}>
            <strong>{patient.fullName}</strong>,{' '}
            {patient.birthDate
              ? `born ${calendarDayText(patient.birthDate)}`
              : 'birth date not known'}
          </p>
        )}
      </header>
      <div className="dialog-content">
        <HoldContext value={{ held, hold, leave }}>{children}</HoldContext>
      </div>
      {/* Last, so that the focus begins in the content. */}
      <button
        type="button"
        className="dialog-close"
        aria-label="Close"
        aria-disabled={stays}
        onClick={() => leave()}
      >
        <span aria-hidden="true">×</span>
      </button>
      {question && asked && (
        <Dialog title={question.title} patient={undefined} onClose={stay}>
          <p>{question.text}</p>
          <div className="buttons form-end">
            <button type="button" className="primary" onClick={stay}>
              Stay
            </button>
            <button type="button" className="danger" onClick={leaveAnyway}>
              Leave
            </button>
          </div>
        </Dialog>
      )}
    </dialog>
  );
}
