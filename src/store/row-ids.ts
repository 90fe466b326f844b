const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Ids that can be in a uuid column. Others name no row, and PostgreSQL refuses to compare them. */
export const onlyUuids = (ids: readonly string[]) => ids.filter((id) => uuid.test(id));
