import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Security;
import java.security.Signature;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.BERTags;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.icao.DataGroupHash;
import org.bouncycastle.asn1.icao.ICAOObjectIdentifiers;
import org.bouncycastle.asn1.icao.LDSSecurityObject;
import org.bouncycastle.asn1.icao.LDSVersionInfo;
import org.bouncycastle.asn1.nist.NISTNamedCurves;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.DefaultSignedAttributeTableGenerator;
import org.bouncycastle.cms.SignerInfoGeneratorBuilder;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.SignerInformationVerifier;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.DefaultSignatureAlgorithmIdentifierFinder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/**
 * What a State would use otherwise: EF.SOD built by Bouncy Castle's CMS generator, signed by SunPKCS11 on a token.
 * Each is parsed and verified before it counts. No records, no log, no rules, no network.
 *
 * <p>{@code certificate SPKI.der OUT.cer}: a certificate for a public key. SunPKCS11 shows no private key without
 * one beside it, and the JDK reads none with explicit EC parameters, as Doc 9303-12 asks them of Document Signers.
 *
 * <p>{@code serve CONFIG PINFILE}: takes a line {@code ALIAS ALGORITHM DSC.cer SPKI.der THREADS SECONDS} from standard
 * input and answers {@code OK TAB SODs TAB seconds TAB one EF.SOD in base64}, or {@code FAILED TAB reason}.
 */
public final class SunPkcs11Peer {
  /** Data groups 1, 2, 3, 14 and 15, as our load sends them. */
  private static final int[] DATA_GROUPS = {1, 2, 3, 14, 15};

  private final PrivateKey key;
  private final String algorithm;
  private final X509CertificateHolder documentSigner;
  private final byte[] publicKey;
  private final Provider token;

  private SunPkcs11Peer(Provider token, PrivateKey key, String algorithm, byte[] dsc, byte[] publicKey)
      throws Exception {
    this.token = token;
    this.key = key;
    this.algorithm = algorithm;
    this.documentSigner = new X509CertificateHolder(dsc);
    this.publicKey = publicKey;
  }

  public static void main(String[] arguments) throws Exception {
    // Last, so that the JDK's own faster curves are taken where it has them.
    Security.addProvider(new BouncyCastleProvider());
    if (arguments[0].equals("certificate")) {
      byte[] spki = Files.readAllBytes(Path.of(arguments[1]));
      Files.write(Path.of(arguments[2]), certificateFor(spki));
      return;
    }
    Provider token = Security.getProvider("SunPKCS11").configure(arguments[1]);
    // Registered, because the mechanisms of a token are looked up by provider.
    Security.addProvider(token);
    KeyStore keys = KeyStore.getInstance("PKCS11", token);
    keys.load(null, Files.readString(Path.of(arguments[2])).strip().toCharArray());
    BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
    System.out.println("READY");
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      System.out.println(answer(token, keys, order.split(" ")));
    }
  }

  private static String answer(Provider token, KeyStore keys, String[] order) {
    try {
      PrivateKey key = (PrivateKey) keys.getKey(order[0], null);
      if (key == null) return "FAILED\tSunPKCS11 shows no private key " + order[0];
      byte[] dsc = Files.readAllBytes(Path.of(order[2]));
      byte[] spki = Files.readAllBytes(Path.of(order[3]));
      SunPkcs11Peer peer = new SunPkcs11Peer(token, key, order[1], dsc, spki);
      return peer.run(Integer.parseInt(order[4]), Double.parseDouble(order[5]));
    } catch (Exception failure) {
      Throwable cause = failure;
      while (cause.getCause() != null) cause = cause.getCause();
      return "FAILED\t" + String.valueOf(cause).replaceAll("\\s+", " ");
    }
  }

  private String run(int threads, double seconds) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      byte[] sample = new Worker().sign(0);
      long begun = System.nanoTime();
      long until = begun + (long) (seconds * 1e9);
      List<Future<Integer>> counts = new ArrayList<>();
      for (int thread = 0; thread < threads; thread += 1) {
        counts.add(pool.submit(() -> {
          Worker worker = new Worker();
          int sods = 0;
          for (; System.nanoTime() < until; sods += 1) worker.sign(sods);
          return sods;
        }));
      }
      int sods = 0;
      for (Future<Integer> count : counts) sods += count.get();
      double elapsed = (System.nanoTime() - begun) / 1e9;
      return "OK\t" + sods + "\t" + elapsed + "\t" + Base64.getEncoder().encodeToString(sample);
    } finally {
      pool.shutdownNow();
    }
  }

  /** What a thread keeps from one EF.SOD to the next. */
  private final class Worker {
    private final CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
    private final SignerInformationVerifier verifier = verifierFor(publicKey);
    private final MessageDigest digest = MessageDigest.getInstance("SHA-256");

    Worker() throws Exception {
      DefaultSignedAttributeTableGenerator attributes = new DefaultSignedAttributeTableGenerator();
      SignerInfoGeneratorBuilder builder =
          new SignerInfoGeneratorBuilder(new JcaDigestCalculatorProviderBuilder().build());
      // contentType, messageDigest and signingTime, as ours; Bouncy Castle would add cmsAlgorithmProtection.
      builder.setSignedAttributeGenerator(
          parameters -> attributes.getAttributes(parameters).remove(CMSAttributes.cmsAlgorithmProtect));
      generator.addSignerInfoGenerator(builder.build(new TokenSigner(), documentSigner));
      generator.addCertificate(documentSigner);
      generator.setDefiniteLengthEncoding(true);
    }

    byte[] sign(int counter) throws Exception {
      byte[] content = ldsSecurityObject(counter).getEncoded(ASN1Encoding.DER);
      CMSSignedData signed = generator.generate(
          new CMSProcessableByteArray(ICAOObjectIdentifiers.id_icao_ldsSecurityObject, content), true);
      byte[] efSod = new DERTaggedObject(true, BERTags.APPLICATION, 0x17, signed.toASN1Structure())
          .getEncoded(ASN1Encoding.DER);
      verify(efSod);
      return efSod;
    }

    private LDSSecurityObject ldsSecurityObject(int counter) {
      digest.update(BigInteger.valueOf(counter).toByteArray());
      byte[] hash = digest.digest();
      DataGroupHash[] hashes = new DataGroupHash[DATA_GROUPS.length];
      for (int i = 0; i < hashes.length; i += 1) {
        hashes[i] = new DataGroupHash(DATA_GROUPS[i], new DEROctetString(hash));
      }
      AlgorithmIdentifier sha256 = new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256);
      return new LDSSecurityObject(sha256, hashes, new LDSVersionInfo("0108", "040000"));
    }

    private void verify(byte[] efSod) throws Exception {
      ASN1Sequence contentInfo = ASN1Sequence.getInstance(
          DERTaggedObject.getInstance(efSod).getBaseUniversal(true, BERTags.SEQUENCE));
      CMSSignedData signed = new CMSSignedData(contentInfo.getEncoded(ASN1Encoding.DER));
      SignerInformation signer = signed.getSignerInfos().getSigners().iterator().next();
      if (!signer.verify(verifier)) throw new GeneralSecurityException("a signature of the token does not verify");
    }
  }

  /** Bouncy Castle's own builder knows RSASSA-PSS by a name that SunPKCS11 does not have. */
  private final class TokenSigner implements ContentSigner {
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();
    private final Signature signature;
    private final AlgorithmIdentifier identifier;

    TokenSigner() throws GeneralSecurityException {
      boolean isPss = algorithm.equals("SHA256withRSAandMGF1");
      signature = Signature.getInstance(isPss ? "RSASSA-PSS" : algorithm, token);
      if (isPss) {
        signature.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
      }
      signature.initSign(key);
      identifier = new DefaultSignatureAlgorithmIdentifierFinder().find(algorithm);
    }

    @Override
    public AlgorithmIdentifier getAlgorithmIdentifier() {
      return identifier;
    }

    @Override
    public OutputStream getOutputStream() {
      content.reset();
      return content;
    }

    @Override
    public byte[] getSignature() {
      try {
        signature.update(content.toByteArray());
        return signature.sign();
      } catch (GeneralSecurityException failure) {
        throw new IllegalStateException(failure);
      }
    }
  }

  /** The JDK reads brainpool keys and then verifies nothing with them; the NIST curves it is faster at. */
  private static boolean isLeftToBouncyCastle(SubjectPublicKeyInfo spki) {
    return spki.getAlgorithm().getAlgorithm().equals(X9ObjectIdentifiers.id_ecPublicKey)
        && NISTNamedCurves.getName(ASN1ObjectIdentifier.getInstance(spki.getAlgorithm().getParameters())) == null;
  }

  private static SignerInformationVerifier verifierFor(byte[] octets) throws Exception {
    SubjectPublicKeyInfo spki = SubjectPublicKeyInfo.getInstance(octets);
    boolean isEc = spki.getAlgorithm().getAlgorithm().equals(X9ObjectIdentifiers.id_ecPublicKey);
    PublicKey key = KeyFactory.getInstance(isEc ? "EC" : "RSA").generatePublic(new X509EncodedKeySpec(octets));
    JcaSimpleSignerInfoVerifierBuilder builder = new JcaSimpleSignerInfoVerifierBuilder();
    if (isLeftToBouncyCastle(spki)) builder.setProvider(BouncyCastleProvider.PROVIDER_NAME);
    return builder.build(key);
  }

  private static byte[] certificateFor(byte[] spki) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    KeyPair issuer = generator.generateKeyPair();
    X500Name name = new X500Name("CN=peer");
    Date now = new Date();
    Date later = new Date(now.getTime() + 86_400_000L);
    return new X509v3CertificateBuilder(
            name, BigInteger.ONE, now, later, name, SubjectPublicKeyInfo.getInstance(spki))
        .build(new JcaContentSignerBuilder("SHA256withECDSA").build(issuer.getPrivate()))
        .getEncoded();
  }
}
