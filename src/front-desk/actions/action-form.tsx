import type { FormEvent, ReactNode } from 'react';
import { BusyButton, type BusyButtonProps } from '../elements/busy-button.tsx';
import { ActionProblemNote } from './action-problem-note.tsx';
import type { Action } from './use-action.ts';

export interface ActionFormProps<Input> {
  action: Action<Input>;
  /** What is sent, from what was entered. */
  inputFrom: (form: FormData) => Input;
  /** The word on its button. */
  submit: string;
  look?: BusyButtonProps['look'];
  onCancel: () => void;
  /** What helps after AUTHORIZATION_REQUIRED. */
  connect?: ReactNode;
  children?: ReactNode;
}

/** A form that sends one action, and says what became of it. */
export function ActionForm<Input>(props: ActionFormProps<Input>) {
  const { action, inputFrom, submit, look = 'primary', onCancel, connect, children } = props;
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!action.busy) {
      action.submit(inputFrom(new FormData(event.currentTarget)));
    }
  };
  return (
    <form onSubmit={send}>
      {children}
      <ActionProblemNote action={action} connect={connect} />
      <div className="buttons form-end">
        <BusyButton type="submit" look={look} busy={action.busy}>
          {submit}
        </BusyButton>
        <button type="button" onClick={onCancel}>
          Back
        </button>
      </div>
    </form>
  );
}
