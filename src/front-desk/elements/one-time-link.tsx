import { useEffect, useRef, useState } from 'react';
import { useHold } from './dialog.tsx';

export interface OneTimeLinkProps {
  url: string;
  /** What it opens. */
  title: string;
}

/** A link that signs somebody in: shown once, opened or copied for the patient. */
export function OneTimeLink({ url, title }: OneTimeLinkProps) {
  const [copied, setCopied] = useState(false);
  const [opened, setOpened] = useState(false);
  /** How often the browser did not let the page copy it. */
  const [refusals, setRefusals] = useState(0);
  const text = useRef<HTMLParagraphElement>(null);
  useHold(opened || copied ? undefined : 'LINK');
  useEffect(() => {
    if (refusals > 0 && text.current) {
      text.current.focus();
      getSelection()?.selectAllChildren(text.current);
    }
  }, [refusals]);
  const copy = async () => {
    try {
      // Without TLS there is no clipboard at all.
      await navigator.clipboard.writeText(url);
      setCopied(true);
    } catch {
      setCopied(false);
      setRefusals(refusals + 1);
    }
  };
  return (
    <div className="one-time-link">
      <p>
        <strong>For the patient only.</strong> Whoever has this link is signed in as them. It is
        shown now and never again.
      </p>
      <div className="buttons">
        <a
          className="button primary"
          href={url}
          target="_blank"
          rel="noreferrer"
          onClick={() => setOpened(true)}
          onAuxClick={() => setOpened(true)}
        >
          {title} <span className="visually-hidden">(opens a new tab)</span>
        </a>
        <button type="button" onClick={() => void copy()}>
          Copy link
        </button>
      </div>
      {/* No input: browsers keep what those hold, and fill it in again after a restart. */}
      {refusals > 0 && (
        <p className="link-text" ref={text} tabIndex={-1} onCopy={() => setCopied(true)}>
          {url}
        </p>
      )}
      <p role="status" className="hint">
        {copied
          ? 'Copied.'
          : refusals > 0 &&
            'The browser does not allow this page to copy. The link is selected: copy it yourself, or open it.'}
      </p>
    </div>
  );
}
