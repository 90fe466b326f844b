import { EnumRef } from '@pothos/core';
import type { VendorDescription, VendorId, VendorState } from '../domain/vendor.ts';
import { builder, type GraphTypes } from './builder.ts';
import { enumType } from './enum-type.ts';

/**
 * The enum of the registry's keys. Its values come with the registry, see `describeVendors`, so that
 * a further vendor needs no line here.
 */
export const Vendor = new EnumRef<PothosSchemaTypes.ExtendDefaultTypes<GraphTypes>, VendorId>(
  'Vendor',
);
builder.configStore.addTypeRef(Vendor);

/** Fills the enum; before the schema is built. */
export function describeVendors(vendors: readonly VendorDescription[]): void {
  const values = Object.fromEntries(
    vendors.map(({ id, description }) => [id, { value: id, description }]),
  );
  const description = 'The systems behind this API.';
  Vendor.updateConfig({
    kind: 'Enum',
    graphqlKind: 'Enum',
    name: 'Vendor',
    description,
    values,
    pothosOptions: { description, values },
  });
}

const VendorStateType = enumType<VendorState | 'NOT_CONFIGURED'>()(
  'VendorState',
  'How a vendor is doing.',
  {
    AVAILABLE: 'Calls are answered.',
    DEGRADED: 'Some calls failed lately, or the vendor is being tried again.',
    UNAVAILABLE: 'The vendor failed repeatedly and is left alone until `retryAt`.',
    NOT_CONFIGURED: 'This deployment has no access to the vendor.',
  },
);

interface Status {
  vendor: VendorId;
  configured: boolean;
  state: VendorState | 'NOT_CONFIGURED';
  retryAt: Date | null;
}

const VendorStatus = builder.objectRef<Status>('VendorStatus').implement({
  description: 'One of the systems behind this API, as this deployment sees it now.',
  fields: (t) => ({
    vendor: t.expose('vendor', { type: Vendor, nullable: false, description: 'The system.' }),
    configured: t.exposeBoolean('configured', {
      nullable: false,
      description: 'Whether this deployment has access to it.',
    }),
    state: t.expose('state', {
      type: VendorStateType,
      nullable: false,
      description: 'Judged by this process’s own recent calls; no call is made to find out.',
    }),
    retryAt: t.expose('retryAt', {
      type: 'DateTime',
      description: 'When calls are let through again, while the state is UNAVAILABLE.',
    }),
  }),
});

builder.queryField('vendors', (t) =>
  t.field({
    type: [VendorStatus],
    nullable: false,
    description: 'All systems and their state, also those that are not configured.',
    resolve: (_root, _args, { vendors, access }) => {
      access.requireQuery('vendors');
      return vendors.descriptions.map(({ id }): Status => {
        const health = vendors.find(id)?.health();
        return {
          vendor: id,
          configured: health !== undefined,
          state: health?.state ?? 'NOT_CONFIGURED',
          retryAt: health?.retryAt ?? null,
        };
      });
    },
  }),
);
