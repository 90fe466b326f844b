import { adapterFor } from '../loaders/environment.ts';
import { builder } from './builder.ts';

builder.queryField('treatmentTypes', (t) =>
  t.field({
    type: ['String'],
    description:
      'What `onboardPatient` can be for; the first is its default. As configured: no vendor is asked. Vendor: Nimbus `treatment_type`.',
    resolve: (_root, _arguments, { vendors, access }) => {
      access.requireQuery('treatmentTypes');
      return adapterFor(vendors, 'onboarding', 'Onboarding patients').onboarding.treatmentTypes;
    },
  }),
);
