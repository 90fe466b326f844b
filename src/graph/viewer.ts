import type { Access } from '../auth/access.ts';
import { Role } from './access-event.ts';
import { builder } from './builder.ts';
import { Patient } from './patient-ref.ts';

const Viewer = builder.objectRef<Access>('Viewer').implement({
  description: 'Who is asking.',
  fields: (t) => ({
    subject: t.id({
      nullable: false,
      description: 'The identity provider’s subject.',
      resolve: ({ caller }) => caller.subject,
    }),
    roles: t.field({
      type: [Role],
      nullable: false,
      description: 'What the token’s roles claim says.',
      resolve: ({ caller }) => [...caller.roles],
    }),
    patient: t.field({
      type: Patient,
      description:
        'The patient linked to the subject; null before `registerPatient` or `linkPatientSubject`.',
      resolve: ({ patientId }, _args, { loaders }) =>
        patientId === undefined ? null : loaders.register.patients.load(patientId),
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    nullable: false,
    description: 'Who is asking.',
    resolve: (_root, _args, { access }) => {
      access.requireQuery('viewer');
      return access;
    },
  }),
);
