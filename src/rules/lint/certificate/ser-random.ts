import type { CertificateRule } from './context.ts';

export const serRandom: CertificateRule = {
  id: 'C-SER-RANDOM',
  title: 'serialNumber is long enough to hold 64 random bits',
  severity: 'info',
  source: 'good practice',
  mend: 'take at least eight octets from a random generator',
  // The serial number of a bar-code signer is written in the seal, where every digit counts.
  appliesTo: (kind) => kind !== 'vds-signer',
  findings: ({ certificate }) => {
    const { length } = certificate.serialNumberOctets;
    return length >= 8 ? [] : [`serialNumber has ${length} octets`];
  },
};
