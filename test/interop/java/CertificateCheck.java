import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.icao.CscaMasterList;
import org.bouncycastle.asn1.icao.ICAOObjectIdentifiers;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;

/**
 * Reads certificates ({@code .cer}), CRLs ({@code .crl}) and master lists ({@code .ml}) with Bouncy Castle and
 * checks each under the CSCA certificate given: {@code CertificateCheck CSCA.cer}.
 *
 * <p>Says of a certificate or CRL its extensions in order, critical ones with {@code !}, and of a master list how
 * many certificates it holds.
 */
public final class CertificateCheck {
  private static final BouncyCastleProvider PROVIDER = new BouncyCastleProvider();

  private final X509CertificateHolder csca;

  private CertificateCheck(X509CertificateHolder csca) {
    this.csca = csca;
  }

  public static void main(String[] arguments) throws Exception {
    byte[] csca = Files.readAllBytes(Path.of(arguments[0]));
    Check.eachFile(new CertificateCheck(new X509CertificateHolder(csca))::check);
  }

  private String check(String path, byte[] octets) throws Exception {
    Check.require(Arrays.equals(ASN1Primitive.fromByteArray(octets).getEncoded(ASN1Encoding.DER), octets),
        "is not DER");
    if (path.endsWith(".cer")) return certificate(octets);
    return path.endsWith(".crl") ? crl(octets) : masterList(octets);
  }

  private String certificate(byte[] octets) throws Exception {
    X509CertificateHolder certificate = new X509CertificateHolder(octets);
    Check.require(Arrays.equals(certificate.toASN1Structure().getEncoded(ASN1Encoding.DER), octets),
        "is another certificate when it is encoded again");
    requireIssued(certificate);
    ExplicitParameters.require(certificate.getSubjectPublicKeyInfo());
    // The way of an application: the provider's certificate factory and its own check of the signature.
    X509Certificate provided = (X509Certificate) factory().generateCertificate(new ByteArrayInputStream(octets));
    provided.verify(factoryKey(), PROVIDER);
    provided.checkValidity();
    return extensions(certificate.getExtensions());
  }

  private String crl(byte[] octets) throws Exception {
    X509CRLHolder crl = new X509CRLHolder(octets);
    Check.require(Arrays.equals(crl.toASN1Structure().getEncoded(ASN1Encoding.DER), octets),
        "is another CRL when it is encoded again");
    Check.require(crl.getIssuer().equals(csca.getSubject()), "is not of the CSCA");
    Check.require(crl.isSignatureValid(new JcaContentVerifierProviderBuilder().setProvider(PROVIDER).build(csca)),
        "was not signed by the CSCA");
    X509CRL provided = (X509CRL) factory().generateCRL(new ByteArrayInputStream(octets));
    provided.verify(factoryKey(), PROVIDER);
    return extensions(crl.getExtensions());
  }

  private String masterList(byte[] octets) throws Exception {
    CMSSignedData signedData = new CMSSignedData(octets);
    Check.require(signedData.getSignedContentTypeOID().equals(ICAOObjectIdentifiers.id_icao_cscaMasterList.getId()),
        "eContentType is not cscaMasterList");
    Collection<SignerInformation> signers = signedData.getSignerInfos().getSigners();
    Check.require(signers.size() == 1, "not one SignerInfo");
    SignerInformation signer = signers.iterator().next();
    X509CertificateHolder mlsc = null;
    boolean hasCsca = false;
    for (X509CertificateHolder embedded : signedData.getCertificates().getMatches(null)) {
      if (signer.getSID().match(embedded)) mlsc = embedded;
      hasCsca |= embedded.equals(csca);
    }
    Check.require(mlsc != null, "the Master List Signer certificate is not embedded");
    Check.require(hasCsca, "the CSCA certificate is not embedded");
    requireIssued(mlsc);
    Check.require(signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider(PROVIDER).build(mlsc)),
        "the signature does not hold");
    byte[] content = (byte[]) ((CMSProcessableByteArray) signedData.getSignedContent()).getContent();
    CscaMasterList list = CscaMasterList.getInstance(ASN1Primitive.fromByteArray(content));
    Check.require(Arrays.equals(list.getEncoded(ASN1Encoding.DER), content), "the list is not DER");
    Certificate[] certificates = list.getCertStructs();
    Check.require(Arrays.asList(certificates).contains(csca.toASN1Structure()), "the CSCA is not in the list");
    return certificates.length + " certificates";
  }

  private void requireIssued(X509CertificateHolder certificate) throws Exception {
    Check.require(certificate.getIssuer().equals(csca.getSubject()), "the issuer is not the CSCA");
    Check.require(
        certificate.isSignatureValid(new JcaContentVerifierProviderBuilder().setProvider(PROVIDER).build(csca)),
        "was not signed by the CSCA");
  }

  private java.security.PublicKey factoryKey() throws Exception {
    return factory().generateCertificate(new ByteArrayInputStream(csca.getEncoded())).getPublicKey();
  }

  private static CertificateFactory factory() throws Exception {
    return CertificateFactory.getInstance("X.509", PROVIDER);
  }

  private static String extensions(Extensions extensions) {
    return Stream.of(extensions.getExtensionOIDs())
        .map(oid -> oid.getId() + (extensions.getExtension(oid).isCritical() ? "!" : ""))
        .collect(Collectors.joining(" "));
  }
}
