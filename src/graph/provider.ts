import type { Provider as ProviderRecord } from '../domain/records.ts';
import { builder } from './builder.ts';

export const Provider = builder.objectRef<ProviderRecord>('Provider').implement({
  description: 'Who sees the patient.',
  fields: (t) => ({
    id: t.exposeID('id', { nullable: false, description: 'The vendor’s id of the provider.' }),
    firstName: t.exposeString('firstName', { description: 'Given name.' }),
    lastName: t.exposeString('lastName', { description: 'Family name.' }),
    title: t.exposeString('title', { description: 'Title, for example `Dr.`.' }),
  }),
});
