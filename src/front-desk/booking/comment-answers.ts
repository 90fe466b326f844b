import type { AppointmentType } from './booking-steps.tsx';

export type Question = NonNullable<AppointmentType['commentForm']>[number];

/** Several can be chosen, so the answer is a list. */
export const takesSeveral = ({ kind, choices }: Question) =>
  kind === 'checkbox' && choices !== null;

/** Away from the form's own fields, whatever the practice calls its questions. */
export const fieldOf = ({ name }: Question) => `question ${name}`;

/** Answers by question; undefined where nothing was asked or answered. */
export function answersIn(
  form: FormData,
  questions: readonly Question[],
): Record<string, string | string[]> | undefined {
  const answers = questions.flatMap((question) => {
    const given = form
      .getAll(fieldOf(question))
      .map((each) => String(each).trim())
      .filter((each) => each !== '');
    const [first] = given;
    return first === undefined
      ? []
      : [[question.name, takesSeveral(question) ? given : first] as const];
  });
  return answers.length > 0 ? Object.fromEntries(answers) : undefined;
}
