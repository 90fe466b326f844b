import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react';

/** Milliseconds that a notice stays, unless another one takes its place. */
const shownFor = 15_000;

const NoticeContext = createContext<(text: string) => void>(() => undefined);

/** Says in one sentence what was done; screen readers read it out. */
export const useNotify = () => useContext(NoticeContext);

export function NoticeBoard({ children }: { children: ReactNode }) {
  const [notice, setNotice] = useState<{ text: string }>();
  const notify = useCallback((text: string) => setNotice({ text }), []);
  useEffect(() => {
    if (notice === undefined) {
      return;
    }
    const timer = setTimeout(() => setNotice(undefined), shownFor);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <NoticeContext value={notify}>
      {children}
      <div className="notice-board" role="status">
        {notice !== undefined && (
          <p className="notice">
            <span>{notice.text}</span>
            <button type="button" className="plain" onClick={() => setNotice(undefined)}>
              Dismiss
            </button>
          </p>
        )}
      </div>
    </NoticeContext>
  );
}
