import type { SharedRule } from './context.ts';

export const certsSigner: SharedRule = ({ prefix, source, signer }) => ({
  id: `${prefix}-CERTS-SIGNER`,
  title: `certificates has that of the ${signer}`,
  severity: 'error',
  source,
  mend: `embed the certificate of the ${signer} that the signer identifier names`,
  findings: ({ signers }) =>
    signers.some(({ certificate }) => certificate === undefined)
      ? ['the certificate that the signer identifier names is not embedded']
      : [],
});
