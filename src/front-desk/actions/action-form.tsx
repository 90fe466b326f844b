import { type FormEvent, type ReactNode, type RefObject, useEffect, useRef, useState } from 'react';
import { BusyButton, type BusyButtonProps } from '../elements/busy-button.tsx';
import { useHold, useLeave } from '../elements/dialog.tsx';
import { type ActionHelp, ActionProblemNote } from './action-problem-note.tsx';
import { type Action, isOpen } from './use-action.ts';

export interface ActionFormProps<Input> {
  action: Action<Input>;
  /** What is sent, from what was entered. */
  inputFrom: (form: FormData) => Input;
  /** The word on its button. */
  submit: string;
  look?: BusyButtonProps['look'];
  /**
   * Leads to the step before, in place of out of the dialog, unless what may have been done already must be
   * looked up first.
   */
  onBack?: () => void;
  help?: ActionHelp;
  children?: ReactNode;
}

const entriesOf = (form: HTMLFormElement | null) =>
  form === null ? '' : JSON.stringify([...new FormData(form)]);

/**
 * Whether a form holds something else than in the beginning.
 * @returns that, and what to call when something was entered
 */
function useChanged(form: RefObject<HTMLFormElement | null>) {
  const [isChanged, setChanged] = useState(false);
  const before = useRef('');
  useEffect(() => {
    before.current = entriesOf(form.current);
  }, [form]);
  return [isChanged, () => setChanged(entriesOf(form.current) !== before.current)] as const;
}

/** A form that sends one action, and says what became of it. */
export function ActionForm<Input>(props: ActionFormProps<Input>) {
  const { action, inputFrom, submit, look = 'primary', children } = props;
  const { onBack, help } = props;
  const form = useRef<HTMLFormElement>(null);
  const leaveForm = useLeave();
  const [isChanged, noteEntries] = useChanged(form);
  // What may have been done already must be looked up, or sent as it was.
  const open = isOpen(action.problem);
  useHold(action.busy ? 'DIALOG' : open ? 'STEP' : isChanged ? 'ENTRIES' : undefined);
  useEffect(() => {
    const place = (selector: string) => form.current?.querySelector<HTMLElement>(selector);
    const field = action.problem?.kind === 'refused' && place('[aria-invalid="true"]');
    if (action.problem === undefined) {
      return;
    }
    place('[role="alert"]')?.scrollIntoView({ block: 'nearest' });
    if (field) {
      field.focus();
    } else if (open || document.activeElement === document.body) {
      // What had the focus is out of reach now.
      place('[role="alert"] button')?.focus();
    }
  }, [action.problem, open]);
  const leave = (word: string, go: () => void) => (
    <button type="button" aria-disabled={action.busy} onClick={() => action.busy || go()}>
      {word}
    </button>
  );
  // Otherwise what the form holds now is sent: it may have been corrected since.
  const retry = open ? action.retry : () => form.current?.requestSubmit();
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!action.busy) {
      action.submit(inputFrom(new FormData(event.currentTarget)));
    }
  };
  return (
    <form ref={form} onSubmit={send} onInput={noteEntries}>
      <div inert={open}>{children}</div>
      <ActionProblemNote action={{ ...action, retry }} help={help} />
      <div className="buttons form-end">
        {!open && (
          <BusyButton type="submit" look={look} busy={action.busy}>
            {submit}
          </BusyButton>
        )}
        {onBack
          ? !open && leave('Back', () => leaveForm(onBack))
          : leave('Not now', () => leaveForm())}
      </div>
      <p role="status" className="hint">
        {action.busy && 'Being sent: wait for the answer.'}
      </p>
    </form>
  );
}
