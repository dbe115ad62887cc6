// Go's crypto/x509 and zlint as judges: one job a line from standard input, one verdict a line to
// standard output, after a first line with the version (see batch-program.ts).
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	zcrypto "github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
)

type job struct {
	purpose string
	name    string
	anchor  []byte
	chain   [][]byte
	crl     []byte
}

func main() {
	judge, version := verify, runtime.Version()
	if len(os.Args) > 1 && os.Args[1] == "lint" {
		judge, version = linter(), moduleVersion("github.com/zmap/zlint/v3")
	}
	fmt.Println(version)
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		if reason := judge(parse(strings.TrimSuffix(line, "\n"))); reason != nil {
			fmt.Printf("refuses\t%s\n", strings.ReplaceAll(reason.Error(), "\n", " "))
		} else {
			fmt.Println("takes")
		}
	}
}

func parse(line string) job {
	fields := strings.Split(line, "\t")
	parsed := job{purpose: fields[0], name: fields[1], anchor: octets(fields[2]), crl: octets(fields[4])}
	for _, certificate := range strings.Split(fields[3], ",") {
		parsed.chain = append(parsed.chain, octets(certificate))
	}
	return parsed
}

func verify(given job) error {
	anchor, err := x509.ParseCertificate(given.anchor)
	if err != nil {
		return fmt.Errorf("trust anchor: %w", err)
	}
	var chain []*x509.Certificate
	options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool()}
	options.Roots.AddCert(anchor)
	for position, der := range given.chain {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("certificate %d: %w", position, err)
		}
		chain = append(chain, certificate)
		if position > 0 {
			options.Intermediates.AddCert(certificate)
		}
	}
	options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if given.purpose == "server" {
		options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		options.DNSName = given.name
	}
	if _, err := chain[0].Verify(options); err != nil {
		return err
	}
	if given.crl == nil {
		return nil
	}
	return notRevoked(chain[0], chain[1], given.crl)
}

// notRevoked asks what crypto/x509 answers: is the list signed by the issuer? The rest is left to its callers.
func notRevoked(leaf, issuer *x509.Certificate, der []byte) error {
	crl, err := x509.ParseRevocationList(der)
	if err != nil {
		return err
	}
	if err := crl.CheckSignatureFrom(issuer); err != nil {
		return err
	}
	for _, entry := range crl.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(leaf.SerialNumber) == 0 {
			return errors.New("revoked")
		}
	}
	return nil
}

// linter judges the first certificate of a job, or its CRL, by every lint that is not of a web PKI programme.
func linter() func(job) error {
	registry, err := lint.GlobalRegistry().Filter(lint.FilterOptions{ExcludeSources: lint.SourceList{
		lint.CABFBaselineRequirements, lint.CABFCSBaselineRequirements, lint.CABFEVGuidelines,
		lint.CABFSMIMEBaselineRequirements, lint.MozillaRootStorePolicy, lint.AppleRootStorePolicy,
		lint.ChromeRootStorePolicy,
	}})
	if err != nil {
		panic(err)
	}
	return func(given job) error {
		if given.crl != nil {
			crl, err := zcrypto.ParseRevocationList(given.crl)
			if err != nil {
				return err
			}
			return findings(zlint.LintRevocationListEx(crl, registry))
		}
		certificate, err := zcrypto.ParseCertificate(given.chain[0])
		if err != nil {
			return err
		}
		return findings(zlint.LintCertificateEx(certificate, registry))
	}
}

func findings(results *zlint.ResultSet) error {
	var found []string
	ran := 0
	for name, result := range results.Results {
		switch result.Status {
		case lint.Pass:
			ran++
		case lint.Notice, lint.Warn, lint.Error, lint.Fatal:
			found = append(found, fmt.Sprintf("%s (%s)", name, result.Status))
		}
	}
	if ran == 0 {
		return errors.New("no lint applied")
	}
	if len(found) > 0 {
		return errors.New(strings.Join(found, ", "))
	}
	return nil
}

func moduleVersion(path string) string {
	build, _ := debug.ReadBuildInfo()
	for _, module := range build.Deps {
		if module.Path == path {
			return module.Version
		}
	}
	return "unknown"
}

func octets(text string) []byte {
	if text == "" {
		return nil
	}
	decoded, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return decoded
}
