import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1InputStream;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.BERTags;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.icao.DataGroupHash;
import org.bouncycastle.asn1.icao.ICAOObjectIdentifiers;
import org.bouncycastle.asn1.icao.LDSSecurityObject;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X962Parameters;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.math.ec.ECAlgorithms;
import org.bouncycastle.operator.ContentVerifierProvider;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.util.encoders.Hex;

/**
 * Reads EF.SOD files with Bouncy Castle, an implementation that shares nothing with ours, and holds each against
 * Doc 9303-10 §4.6.2 and the CSCA certificate given.
 *
 * <p>Usage: SodCheck CSCA.cer, paths of EF.SOD files on standard input, one a line. Prints one line a file:
 * {@code OK TAB path TAB version digest-OID 1=hash,2=hash,…} or {@code REFUSED TAB path TAB reason}.
 */
public final class SodCheck {
  private static final BouncyCastleProvider PROVIDER = new BouncyCastleProvider();

  private final ContentVerifierProvider csca;

  private SodCheck(X509CertificateHolder csca) throws Exception {
    requireExplicitParameters(csca.getSubjectPublicKeyInfo());
    this.csca = verifierFor(csca);
  }

  public static void main(String[] arguments) throws Exception {
    SodCheck check = new SodCheck(new X509CertificateHolder(Files.readAllBytes(Path.of(arguments[0]))));
    BufferedReader paths = new BufferedReader(new InputStreamReader(System.in));
    for (String path = paths.readLine(); path != null; path = paths.readLine()) {
      System.out.println(check.line(path));
    }
  }

  /** Whatever Bouncy Castle throws on damaged octets is its way of refusing them. */
  private String line(String path) {
    try {
      return "OK\t" + path + "\t" + describe(check(Files.readAllBytes(Path.of(path))));
    } catch (Exception | StackOverflowError refused) {
      return "REFUSED\t" + path + "\t" + String.valueOf(refused).replaceAll("\\s+", " ");
    }
  }

  private LDSSecurityObject check(byte[] efSod) throws Exception {
    CMSSignedData signedData = new CMSSignedData(contentInfo(efSod));
    require(signedData.getVersion() == 3, "SignedData is not v3");
    require(signedData.getSignedContentTypeOID().equals(ICAOObjectIdentifiers.id_icao_ldsSecurityObject.getId()),
        "eContentType is not ldsSecurityObject");
    Collection<SignerInformation> signers = signedData.getSignerInfos().getSigners();
    require(signers.size() == 1, "not one SignerInfo");
    SignerInformation signer = signers.iterator().next();
    require(signer.getVersion() == 1, "SignerInfo is not v1");
    require(signedData.getCertificates().getMatches(null).size() == 1, "not one certificate");
    X509CertificateHolder dsc = signedData.getCertificates().getMatches(null).iterator().next();
    require(signer.getSID().match(dsc), "the certificate is not the one that the SignerInfo names");

    byte[] content = (byte[]) ((CMSProcessableByteArray) signedData.getSignedContent()).getContent();
    checkSignedAttributes(signer, content);
    requireExplicitParameters(dsc.getSubjectPublicKeyInfo());
    require(signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider(PROVIDER).build(dsc)),
        "the signature does not hold");
    require(dsc.isSignatureValid(csca), "the certificate was not signed by the CSCA");
    return ldsSecurityObject(content);
  }

  /** The tag 77 (application 23, constructed) around one ContentInfo, all of it DER. */
  private static ContentInfo contentInfo(byte[] efSod) throws IOException {
    ASN1Primitive object;
    try (ASN1InputStream input = new ASN1InputStream(efSod)) {
      object = input.readObject();
      require(input.read() == -1, "octets follow after the end");
    }
    require(Arrays.equals(object.getEncoded(ASN1Encoding.DER), efSod), "is not DER");
    ASN1TaggedObject tagged = (ASN1TaggedObject) object;
    require(tagged.hasTag(BERTags.APPLICATION, 0x17), "does not have the tag 77");
    return ContentInfo.getInstance(tagged.getBaseUniversal(true, BERTags.SEQUENCE));
  }

  private static void checkSignedAttributes(SignerInformation signer, byte[] content) throws Exception {
    AttributeTable attributes = signer.getSignedAttributes();
    require(attributes != null, "there are no signed attributes");
    require(signer.getUnsignedAttributes() == null, "there are unsigned attributes");
    Attribute type = attributes.get(CMSAttributes.contentType);
    require(type != null && type.getAttrValues().size() == 1
        && type.getAttrValues().getObjectAt(0).equals(ICAOObjectIdentifiers.id_icao_ldsSecurityObject),
        "the contentType attribute is not ldsSecurityObject");
    Attribute digest = attributes.get(CMSAttributes.messageDigest);
    require(digest != null && digest.getAttrValues().size() == 1, "there is not one messageDigest attribute");
    byte[] signed = ASN1OctetString.getInstance(digest.getAttrValues().getObjectAt(0)).getOctets();
    MessageDigest algorithm = MessageDigest.getInstance(signer.getDigestAlgOID(), PROVIDER);
    require(Arrays.equals(algorithm.digest(content), signed), "the messageDigest is not that of the content");
  }

  private static LDSSecurityObject ldsSecurityObject(byte[] content) throws Exception {
    ASN1Primitive object = ASN1Primitive.fromByteArray(content);
    require(Arrays.equals(object.getEncoded(ASN1Encoding.DER), content), "the LDSSecurityObject is not DER");
    LDSSecurityObject lds = LDSSecurityObject.getInstance(object);
    require(Arrays.equals(lds.getEncoded(ASN1Encoding.DER), content),
        "the LDSSecurityObject holds something that Bouncy Castle does not know");
    require((lds.getVersion() == 1) == (lds.getVersionInfo() != null), "ldsVersionInfo belongs to v1 only");
    String digest = lds.getDigestAlgorithmIdentifier().getAlgorithm().getId();
    int octets = MessageDigest.getInstance(digest, PROVIDER).getDigestLength();
    int previous = 0;
    for (DataGroupHash hash : lds.getDatagroupHash()) {
      require(hash.getDataGroupNumber() > previous, "the data groups are not in ascending order");
      require(hash.getDataGroupHashValue().getOctets().length == octets, "a hash does not have its length");
      previous = hash.getDataGroupNumber();
    }
    return lds;
  }

  /** Doc 9303-12 §4.1.6.3: explicit ECParameters with cofactor, prime field, uncompressed points. */
  private static void requireExplicitParameters(SubjectPublicKeyInfo key) {
    if (!key.getAlgorithm().getAlgorithm().equals(X9ObjectIdentifiers.id_ecPublicKey)) return;
    X962Parameters parameters = X962Parameters.getInstance(key.getAlgorithm().getParameters());
    require(!parameters.isNamedCurve() && !parameters.isImplicitlyCA(), "the curve is only named");
    X9ECParameters curve = X9ECParameters.getInstance(parameters.getParameters());
    require(ECAlgorithms.isFpCurve(curve.getCurve()), "no prime field");
    require(BigInteger.ONE.equals(curve.getH()), "the cofactor is not 1");
    require(key.getPublicKeyData().getOctets()[0] == 4, "the public key is not an uncompressed point");
    require(curve.getBaseEntry().getPointEncoding()[0] == 4, "the base point is not uncompressed");
  }

  private static ContentVerifierProvider verifierFor(X509CertificateHolder certificate) throws Exception {
    return new JcaContentVerifierProviderBuilder().setProvider(PROVIDER).build(certificate);
  }

  private static String describe(LDSSecurityObject lds) {
    TreeMap<Integer, String> hashes = new TreeMap<>();
    for (DataGroupHash hash : lds.getDatagroupHash()) {
      hashes.put(hash.getDataGroupNumber(), Hex.toHexString(hash.getDataGroupHashValue().getOctets()));
    }
    List<String> entries = new ArrayList<>();
    hashes.forEach((number, hash) -> entries.add(number + "=" + hash));
    String digest = lds.getDigestAlgorithmIdentifier().getAlgorithm().getId();
    return lds.getVersion() + " " + digest + " " + entries.stream().collect(Collectors.joining(","));
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) throw new IllegalArgumentException(otherwise);
  }
}
