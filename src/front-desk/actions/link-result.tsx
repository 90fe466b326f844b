import { useEffect, useRef } from 'react';
import { useLeave } from '../elements/dialog.tsx';
import { OneTimeLink } from '../elements/one-time-link.tsx';

export interface LinkResultProps {
  /** What was done. */
  done: string;
  /** What the link opens. */
  title: string;
  /** Null where it was given out before, or none came. */
  url: string | null;
  /** The button that makes a new one. */
  again: string;
}

/** The end of an action that brings a link for the patient; "Done" closes the dialog around it. */
export function LinkResult({ done, title, url, again }: LinkResultProps) {
  const leave = useLeave();
  const result = useRef<HTMLParagraphElement>(null);
  // The form that had the focus is gone; here it is said what became of it.
  useEffect(() => result.current?.focus(), []);
  return (
    <>
      <p ref={result} tabIndex={-1}>
        <strong>{done}</strong>
      </p>
      {url === null ? (
        <p>
          There is no link to show: it was given out before and is not kept, or the vendor gave
          none. Make a new one with “{again}”.
        </p>
      ) : (
        <OneTimeLink url={url} title={title} />
      )}
      <div className="buttons form-end">
        <button type="button" onClick={() => leave()}>
          Done
        </button>
      </div>
    </>
  );
}
