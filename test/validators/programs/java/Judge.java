import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.security.KeyStore;
import java.security.cert.CRL;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Java's CertPathValidator and the trust manager that its TLS uses, as judges: one job a line from
 * standard input, one verdict a line to standard output, after a first line with the version (see
 * batch-program.ts). The two must agree.
 */
final class Judge {
  private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
  private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

  private final CertificateFactory factory = CertificateFactory.getInstance("X.509");

  private Judge() throws Exception {}

  public static void main(String[] arguments) throws Exception {
    var judge = new Judge();
    System.out.println("Java " + Runtime.version());
    var lines = new BufferedReader(new InputStreamReader(System.in));
    for (var line = lines.readLine(); line != null; line = lines.readLine()) {
      System.out.println(judge.verdict(line.split("\t", -1)));
    }
  }

  private String verdict(String[] fields) throws Exception {
    var isServer = fields[0].equals("server");
    X509Certificate anchor;
    var chain = new ArrayList<X509Certificate>();
    try {
      anchor = certificate(fields[2]);
      for (var text : fields[3].split(",")) chain.add(certificate(text));
    } catch (Exception error) {
      return refusal(error);
    }
    var path = byPath(isServer, anchor, chain, fields[4]);
    var tls = byTrustManager(isServer, anchor, chain);
    if (!fields[4].isEmpty()) return path == null ? "takes" : refusal(path);
    if ((path == null) != (tls == null)) return "split\tpath: " + reason(path) + "; TLS: " + reason(tls);
    return path == null ? "takes" : refusal(path);
  }

  /** RFC 5280 section 6, and what it leaves to applications: the extended key usage. */
  private Exception byPath(
      boolean isServer, X509Certificate anchor, List<X509Certificate> chain, String crl) {
    try {
      var parameters = new PKIXParameters(Set.of(new TrustAnchor(anchor, null)));
      parameters.setRevocationEnabled(false);
      var validator = CertPathValidator.getInstance("PKIX");
      if (!crl.isEmpty()) {
        var lists = List.<CRL>of(factory.generateCRL(new ByteArrayInputStream(octets(crl))));
        parameters.addCertStore(
            CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
        var checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        checker.setOptions(
            EnumSet.of(
                PKIXRevocationChecker.Option.ONLY_END_ENTITY,
                PKIXRevocationChecker.Option.PREFER_CRLS,
                PKIXRevocationChecker.Option.NO_FALLBACK));
        parameters.addCertPathChecker(checker);
      }
      validator.validate(factory.generateCertPath(chain), parameters);
      var usages = chain.get(0).getExtendedKeyUsage();
      if (usages != null && !usages.contains(isServer ? SERVER_AUTH : CLIENT_AUTH)) {
        return new CertPathValidatorException("extended key usage");
      }
      return null;
    } catch (Exception error) {
      return error;
    }
  }

  private Exception byTrustManager(
      boolean isServer, X509Certificate anchor, List<X509Certificate> chain) throws Exception {
    var store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry("anchor", anchor);
    var trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store);
    var manager = (X509TrustManager) trust.getTrustManagers()[0];
    var array = chain.toArray(new X509Certificate[0]);
    try {
      // The key exchange of TLS 1.3 has no name.
      if (isServer) manager.checkServerTrusted(array, "UNKNOWN");
      else manager.checkClientTrusted(array, "UNKNOWN");
      return null;
    } catch (Exception error) {
      return error;
    }
  }

  private X509Certificate certificate(String hex) throws Exception {
    return (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(octets(hex)));
  }

  private static byte[] octets(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  private static String refusal(Exception error) {
    return "refuses\t" + reason(error);
  }

  private static String reason(Exception error) {
    if (error == null) return "takes";
    var cause = error.getCause() == null ? "" : ": " + error.getCause().getMessage();
    return (error.getMessage() + cause).replaceAll("\\s+", " ");
  }
}
