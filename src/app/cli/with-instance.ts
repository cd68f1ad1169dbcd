import type { Instance } from '../instance/load-instance.ts';
import { loadInstance } from '../instance/load-instance.ts';
import { type OpenInstance, openInstance } from '../instance/open-instance.ts';

/** Opens an instance with one signer process for a command, beside a running service, and closes it again. */
export async function withInstance<T>(
  home: string,
  work: (instance: Instance, open: OpenInstance) => Promise<T>,
): Promise<T> {
  const instance = loadInstance(home);
  const open = openInstance(instance, { processes: 1, onEvent: () => undefined });
  try {
    return await work(instance, open);
  } finally {
    open.close();
  }
}
