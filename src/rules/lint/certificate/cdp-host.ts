import type { CertificateRule } from './context.ts';
import { distributionUris, hostOf } from './distribution-uris.ts';

const privateHost =
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|\[f[cd]|\[fe80)|\.(local|internal|intranet|lan|corp|home|private)$/;

export const cdpHost: CertificateRule = {
  id: 'C-CDP-HOST',
  title: 'the host of the CRL can be reached from other States',
  severity: 'warning',
  source: 'good practice (Doc 9303-12 §7.1.1.4)',
  mend: 'publish the CRL under a public name',
  findings: ({ certificate }) =>
    distributionUris(certificate)
      .map(hostOf)
      .filter((host): host is string => host !== undefined && isPrivate(host))
      .map((host) => `the host ${host} is private`),
};

function isPrivate(host: string): boolean {
  return privateHost.test(host) || (!host.includes('.') && !host.startsWith('[') && host !== 'localhost');
}
