import type { ReactNode } from 'react';

export interface BusyButtonProps {
  children: ReactNode;
  busy: boolean;
  /** Default `button`. */
  type?: 'button' | 'submit';
  look?: 'primary' | 'danger';
  onClick?: () => void;
}

/** Takes no second click while it is at work, and keeps the focus, which a disabled button would lose. */
export function BusyButton(props: BusyButtonProps) {
  const { children, busy, type = 'button', look, onClick } = props;
  return (
    <button
      type={type}
      className={look}
      aria-disabled={busy}
      onClick={(event) => (busy ? event.preventDefault() : onClick?.())}
    >
      {busy && <span className="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}
