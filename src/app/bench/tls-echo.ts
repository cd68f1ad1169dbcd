import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { credentialPaths } from '../instance/credentials.ts';
import { type Instance, loadInstance } from '../instance/load-instance.ts';
import { mainModule } from '../instance/open-instance.ts';
import { cpuSeconds } from './cpu-time.ts';
import { StationLoad } from './station-load.ts';

/** As long as the answer with an EF.SOD of ECDSA. */
const answerOctets = 2_500;

/**
 * What TLS costs by itself: a process that reads requests and answers each with prepared octets, over connections
 * like those of the station API.
 *
 * @returns processor time of one request, in microseconds
 */
export async function measureTls(
  instance: Instance,
  options: { readonly inFlight: number; readonly seconds: number; readonly signal: AbortSignal },
): Promise<number> {
  const child = fork(mainModule, ['bench-tls', '--home', instance.paths.home]);
  try {
    const [port] = (await once(child, 'message', { signal: options.signal })) as [number];
    const load = new StationLoad(instance, options.inFlight, port);
    await load.run('P', options.seconds / 2, options.signal);
    const before = cpuOf(child);
    const { sods } = await load.run('P', options.seconds, options.signal);
    return ((cpuOf(child) - before) / sods) * 1e6;
  } finally {
    child.kill('SIGKILL');
  }
}

function cpuOf({ pid = 0 }: ChildProcess): number {
  return cpuSeconds(pid);
}

/** Inside of that process; ends with the one that started it. */
export function runTlsEcho(home: string): void {
  const { paths } = loadInstance(home);
  const files = credentialPaths(paths.credentials, 'server');
  const answer = Buffer.from(
    `HTTP/1.1 201 Created\r\nContent-Length: ${answerOctets}\r\n\r\n${' '.repeat(answerOctets)}`,
  );
  const server = tls.createServer({
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
    ca: readFileSync(files.ca),
    requestCert: true,
  });
  server.on('secureConnection', (socket) => {
    socket.setNoDelay(true);
    // A station sends one request at a time, in one packet.
    socket.on('data', () => socket.write(answer));
    socket.on('error', () => socket.destroy());
  });
  process.on('disconnect', () => process.exit(0));
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}
