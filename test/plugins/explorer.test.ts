import { describe, expect, it } from 'vitest';
import { createExplorer } from '../../src/plugins/explorer.ts';

const minute = 60 * 1000;

/** Opens pages of an explorer whose token and variables say which they are. */
function opened({ failures = 0 } = {}) {
  const clock = { now: Date.UTC(2026, 5, 1, 12) };
  let asked = 0;
  const explorer = createExplorer(
    {
      headers: async () => ({ authorization: `Bearer ${asked}` }),
      variables: async () => {
        asked += 1;
        if (asked <= failures) {
          throw new Error('A vendor was told to fail.');
        }
        return { Patient: { id: `patient-${asked}` } };
      },
    },
    () => clock.now,
  );
  const open = async () => {
    // The server hands on a copy.
    const body = await explorer.page({ ...(await explorer.options()) });
    return { body, text: new TextDecoder().decode(body) };
  };
  return { explorer, clock, open, asked: () => asked };
}

describe('the page of GraphiQL', () => {
  it('is made once for many who open it, at the same moment too', async () => {
    const { clock, open, asked } = opened();
    const [first, second] = await Promise.all([open(), open()]);
    clock.now += 4 * minute;
    const third = await open();
    expect(asked()).toBe(1);
    expect(second.body).toBe(first.body);
    expect(third.body).toBe(first.body);
    expect(first.text).toContain('patient-1');
    expect(first.text).toContain('Bearer 1');
  });

  it('is made anew once a login among its variables could be over', async () => {
    const { clock, open } = opened();
    await open();
    clock.now += 5 * minute;
    const { text } = await open();
    expect(text).toContain('patient-2');
    expect(text).not.toContain('patient-1');
  });

  it('does without variables that cannot be had, and has them the next time', async () => {
    const { open } = opened({ failures: 1 });
    const { text } = await open();
    expect(text).toContain('query PatientOverview');
    expect(text).not.toContain('patient-');
    expect((await open()).text).toContain('patient-2');
  });

  it('is made anew where it could not be made', async () => {
    const { explorer, open } = opened();
    const options = await explorer.options();
    await expect(explorer.page({ ...options, title: 1n as never })).rejects.toThrow('BigInt');
    expect((await open()).text).toContain('patient-1');
  });
});
