import { makeTestInstance, type TestInstance, type TestInstanceOptions } from './instance.ts';
import { Served } from './served.ts';
import type { Station } from './station.ts';

/** An instance that is served, and a station of it. */
export interface ServedInstance {
  readonly instance: TestInstance;
  readonly service: Served;
  readonly station: Station;
}

/** @param prepare changes the instance before it is served for the first time */
export async function serveInstance(
  options: TestInstanceOptions,
  prepare: (instance: TestInstance) => void = () => undefined,
): Promise<ServedInstance> {
  const instance = await makeTestInstance(options);
  let service: Served | undefined;
  try {
    prepare(instance);
    service = new Served(instance);
    await service.untilReady();
    return { instance, service, station: service.station() };
  } catch (error) {
    await endInstance({ instance, service });
    throw error;
  }
}

/** Ends whatever of it there is. */
export async function endInstance(
  served: {
    readonly [Part in keyof ServedInstance]?: ServedInstance[Part] | undefined;
  },
): Promise<void> {
  served.station?.close();
  await served.service?.kill();
  served.instance?.remove();
}
