import type { Instance } from '../instance/load-instance.ts';
import { loadInstance } from '../instance/load-instance.ts';
import { type OpenInstance, openInstance } from '../instance/open-instance.ts';

/**
 * Opens an instance with one signer process for a command that puts something on record, beside a running service,
 * and closes it again.
 *
 * @throws Refused while the clock is earlier than what is on record
 */
export async function withInstance<T>(
  home: string,
  work: (instance: Instance, open: OpenInstance) => Promise<T>,
): Promise<T> {
  const instance = loadInstance(home);
  const open = openInstance(instance, { processes: 1, onEvent: () => undefined });
  try {
    const { clockFault } = open.records;
    if (clockFault !== undefined) throw clockFault;
    await open.records.issuance.recordPolicies(instance.policies);
    return await work(instance, open);
  } finally {
    open.close();
  }
}
