import { createContext, type ReactNode, useContext, useState } from 'react';

const NoticeContext = createContext<(text: string) => void>(() => undefined);

/** Says in one sentence what was done; screen readers read it out. */
export const useNotify = () => useContext(NoticeContext);

export function NoticeBoard({ children }: { children: ReactNode }) {
  const [notice, setNotice] = useState<string>();
  return (
    <NoticeContext value={setNotice}>
      {children}
      <div className="notice-board" role="status">
        {notice !== undefined && (
          <p className="notice">
            <span>{notice}</span>
            <button type="button" className="plain" onClick={() => setNotice(undefined)}>
              Dismiss
            </button>
          </p>
        )}
      </div>
    </NoticeContext>
  );
}
