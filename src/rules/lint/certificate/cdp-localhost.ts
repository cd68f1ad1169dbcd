import type { CertificateRule } from './context.ts';
import { distributionUris, hostOf } from './distribution-uris.ts';

const thisHost = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export const cdpLocalhost: CertificateRule = {
  id: 'C-CDP-LOCALHOST',
  title: 'the CRL is not on the machine of whoever reads the certificate',
  // What a development instance issues on purpose.
  severity: 'info',
  source: 'good practice (Doc 9303-12 §7.1.1.4)',
  mend: 'publish the CRL under a public name',
  findings: ({ certificate }) =>
    distributionUris(certificate)
      .map(hostOf)
      .filter((host): host is string => host !== undefined && thisHost.test(host))
      .map((host) => `the host is ${host}`),
};
