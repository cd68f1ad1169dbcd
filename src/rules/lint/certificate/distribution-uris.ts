import type { Certificate } from '../../../formats/x509/certificate.ts';

/** URIs of all distribution points. */
export function distributionUris(certificate: Certificate): readonly string[] {
  return (certificate.crlDistributionPoints ?? [])
    .flatMap(({ fullName }) => fullName)
    .flatMap((name) => (name.kind === 'uniformResourceIdentifier' ? [name.value] : []));
}

/** Host of a URI in lower case; undefined where it has none. */
export function hostOf(uri: string): string | undefined {
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/?#]*@)?(\[[^\]]*\]|[^:/?#]*)/i.exec(uri)?.[1];
  return host === undefined || host === '' ? undefined : host.toLowerCase();
}
