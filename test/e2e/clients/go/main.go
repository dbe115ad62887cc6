// Other people's Go code as a client of Capstan: crypto/x509 judges chains, and Linkerd's own
// generated client over grpc-go asks for certificates.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"os"
	"time"

	identity "github.com/linkerd/linkerd2-proxy-api/go/identity"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("want: verify | certify"))
	}
	switch os.Args[1] {
	case "verify":
		verify(os.Args[2:])
	case "certify":
		certify(os.Args[2:])
	default:
		fail(fmt.Errorf("unknown command %q", os.Args[1]))
	}
}

// verify judges a PEM chain (leaf first) against trust anchors, as a server and as a client.
func verify(args []string) {
	flags := flag.NewFlagSet("verify", flag.ExitOnError)
	roots := flags.String("roots", "", "trust anchors, PEM")
	chain := flags.String("chain", "", "leaf and intermediates, PEM")
	name := flags.String("name", "", "DNS name the leaf must hold")
	_ = flags.Parse(args)

	certificates := parse(read(*chain))
	intermediates := x509.NewCertPool()
	for _, certificate := range certificates[1:] {
		intermediates.AddCert(certificate)
	}
	_, err := certificates[0].Verify(x509.VerifyOptions{
		DNSName:       *name,
		Roots:         pool(*roots),
		Intermediates: intermediates,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err == nil {
		_, err = certificates[0].Verify(x509.VerifyOptions{
			Roots:         pool(*roots),
			Intermediates: intermediates,
			KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		})
	}
	if err != nil {
		fail(err)
	}
	uris := []string{}
	for _, uri := range certificates[0].URIs {
		uris = append(uris, uri.String())
	}
	print(map[string]any{"ok": true, "dns": certificates[0].DNSNames, "uris": uris})
}

// certify calls io.linkerd.proxy.identity.Identity/Certify.
func certify(args []string) {
	flags := flag.NewFlagSet("certify", flag.ExitOnError)
	address := flags.String("address", "", "host:port")
	serverName := flags.String("server-name", "", "TLS name of the server; empty: h2c")
	roots := flags.String("roots", "", "trust anchors, PEM")
	name := flags.String("identity", "", "identity asked for")
	token := flags.String("token", "", "file with the token")
	csr := flags.String("csr", "", "file with the DER CSR")
	out := flags.String("out", "", "where the chain goes, PEM")
	_ = flags.Parse(args)

	creds := insecure.NewCredentials()
	if *serverName != "" {
		creds = credentials.NewTLS(&tls.Config{RootCAs: pool(*roots), ServerName: *serverName, MinVersion: tls.VersionTLS13})
	}
	connection, err := grpc.NewClient(*address, grpc.WithTransportCredentials(creds))
	check(err)
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	answer, err := identity.NewIdentityClient(connection).Certify(ctx, &identity.CertifyRequest{
		Identity:                  *name,
		Token:                     read(*token),
		CertificateSigningRequest: read(*csr),
	})
	if err != nil {
		print(map[string]any{"ok": false, "code": status.Code(err).String(), "message": status.Convert(err).Message()})
		os.Exit(3)
	}
	var text []byte
	for _, der := range append([][]byte{answer.GetLeafCertificate()}, answer.GetIntermediateCertificates()...) {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	check(os.WriteFile(*out, text, 0o600))
	print(map[string]any{"ok": true, "validUntil": answer.GetValidUntil().AsTime().Format(time.RFC3339)})
}

func parse(text []byte) []*x509.Certificate {
	var certificates []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		check(err)
		certificates = append(certificates, certificate)
	}
	if len(certificates) == 0 {
		fail(fmt.Errorf("no certificate"))
	}
	return certificates
}

func pool(file string) *x509.CertPool {
	certificates := x509.NewCertPool()
	if !certificates.AppendCertsFromPEM(read(file)) {
		fail(fmt.Errorf("%s: no certificate", file))
	}
	return certificates
}

func read(file string) []byte {
	content, err := os.ReadFile(file)
	check(err)
	return content
}

func print(value any) {
	check(json.NewEncoder(os.Stdout).Encode(value))
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	print(map[string]any{"ok": false, "error": err.Error()})
	os.Exit(1)
}
