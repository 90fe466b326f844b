/** What was entered under a name, without spaces around it; undefined for nothing. */
export const entryIn = (form: FormData, name: string): string | undefined =>
  String(form.get(name) ?? '').trim() || undefined;
