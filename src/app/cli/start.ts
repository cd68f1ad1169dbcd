import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { destination, pino } from 'pino';
import { layOutDevelopment } from '../instance/development.ts';
import { type Instance, loadInstance } from '../instance/load-instance.ts';
import { mainModule } from '../instance/open-instance.ts';
import { type Service, startService } from '../service.ts';
import { signSpecimen, type Specimen } from '../specimen.ts';
import { verifySpecimen } from '../verify-specimen.ts';
import { defaultHome, defaultPortBase, homePath, portBase, shippedPolicies } from './instance-options.ts';
import { untilToldToEnd } from './serve.ts';
import { paint, type Screen } from './screen.ts';

interface StartOptions {
  readonly home: string;
  readonly portBase: number;
  readonly once?: boolean;
}

/** `sigillo start`: the five minutes of the README: an instance, a signed specimen, and how to look at it. */
export function registerStart(program: Command, screen: Screen): void {
  program
    .command('start')
    .description('make a development instance on first use, serve it, sign and verify a specimen')
    .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome))
    .option('--port-base <port>', 'first of five ports', portBase, defaultPortBase)
    .option('--once', 'end after the specimen')
    .action(async ({ home, portBase, once }: StartOptions) => {
      mkdirSync(home, { recursive: true, mode: 0o700 });
      layOutDevelopment({ home, portBase, policies: shippedPolicies, main: mainModule });
      const instance = atPorts(loadInstance(home), portBase);
      const log = pino(
        { level: 'info' },
        destination({ dest: join(home, 'service.log'), sync: true, mode: 0o600 }),
      );
      const service = await startService(instance, log, (making) =>
        screen.stdout.write(`making ${making}\n`),
      );
      const specimen = await signSpecimen(instance, service.ports.station);
      const { verdict, findings } = await verifySpecimen(instance, specimen);
      screen.stdout.write(summary(screen, instance, service, specimen, verdict));
      for (const { code, detail } of findings) screen.stdout.write(`  ${code}: ${detail}\n`);
      const holds = verdict === 'TRUSTED';
      screen.exit(holds ? 0 : 1);
      if (holds && once !== true) {
        screen.stdout.write('Serving; Ctrl-C ends it.\n');
        await untilToldToEnd();
      }
      await service.close();
    });
}

/** The command line decides on ports each time; what is under a signature stays as it was made. */
function atPorts(instance: Instance, portBase: number): Instance {
  const { configuration } = instance;
  return { ...instance, configuration: { ...configuration, http: { ...configuration.http, portBase } } };
}

function summary(
  screen: Screen,
  instance: Instance,
  service: Service,
  specimen: Specimen,
  verdict: string,
): string {
  const { home, credentials, trust } = instance.paths;
  const groups = [...specimen.dataGroups]
    .map(([number, path]) => `--dg ${number}=${shortPath(path)}`)
    .join(' ');
  const station = join(shortPath(credentials), 'station');
  const { station: stationPort, distribution } = service.ports;
  return `
${paint(screen, 'bold', 'DEVELOPMENT INSTANCE')}: state of Utopia on a software token. No border may trust it.

${specimen.signedBefore ? 'The specimen passport was signed before; the same bytes came back.' : 'A specimen passport was signed through the station API.'}
A border that trusts only the CSCA says: ${paint(screen, verdict === 'TRUSTED' ? 'green' : 'red', verdict)}

  instance       ${shortPath(home)}
  EF.SOD         ${shortPath(specimen.efSod)}
  trust          ${shortPath(trust)}
  credentials    ${shortPath(credentials)}
  station API    https://localhost:${stationPort}/openapi.json
  distribution   http://localhost:${distribution}/

Try:
  npm run -s sigillo -- verify ${shortPath(specimen.efSod)} ${groups} --trust ${shortPath(trust)}
  npm run -s sigillo -- inspect ${shortPath(specimen.efSod)}
  curl --cert ${station}/cert.pem --key ${station}/key.pem --cacert ${station}/ca.pem https://localhost:${stationPort}/v1/sods/specimen-1

`;
}

/** Relative to the working directory where the path lies below it. */
function shortPath(path: string): string {
  const below = relative(process.cwd(), path);
  return below === '' || below.startsWith('..') ? path : below;
}
