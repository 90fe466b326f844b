import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
} from 'react';

/** Milliseconds that a notice stays, unless another one takes its place. */
const shownFor = 15_000;

const NoticeContext = createContext<(text: string) => void>(() => undefined);

/** Says in one sentence what was done; screen readers read it out. */
export const useNotify = () => useContext(NoticeContext);

export function NoticeBoard({ children }: { children: ReactNode }) {
  const [notice, setNotice] = useState<{ text: string }>();
  const notify = useCallback((text: string) => setNotice({ text }), []);
  const board = useRef<HTMLDivElement>(null);
  const focusedBefore = useRef<EventTarget>(null);
  const dismiss = useCallback(() => {
    // The focus goes back to where it was: it would be lost with the button that has it.
    for (const place of [focusedBefore.current, document.getElementById('content')]) {
      if (board.current?.contains(document.activeElement) && place instanceof HTMLElement) {
        place.focus({ preventScroll: true });
      }
    }
    setNotice(undefined);
  }, []);
  useEffect(() => {
    if (notice === undefined) {
      return;
    }
    const timer = setTimeout(dismiss, shownFor);
    return () => clearTimeout(timer);
  }, [notice, dismiss]);
  return (
    <NoticeContext value={notify}>
      {children}
      <div
        className="notice-board"
        role="status"
        ref={board}
        onFocus={({ relatedTarget }) => {
          focusedBefore.current = relatedTarget;
        }}
      >
        {notice !== undefined && (
          <p className="notice">
            <span>{notice.text}</span>
            <button type="button" className="plain" onClick={dismiss}>
              Close
            </button>
          </p>
        )}
      </div>
    </NoticeContext>
  );
}
