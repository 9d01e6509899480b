// Package certificate makes TLS configurations of PEM files, for connections on which both sides show a certificate.
package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// Files names PEM files: the daemon's own certificate and key, and the CA whose certificates are believed.
type Files struct{ Certificate, Key, CA string }

// Source makes TLS configurations. Certificate and key are read anew for each connection, so that they can be renewed.
type Source struct {
	files Files
	ca    *x509.CertPool
}

// Load reads the files. Zero Files give nil: no TLS. Errors: some files are named and others not, or one can't be read or
// does not hold what it should.
func Load(f Files) (*Source, error) {
	if f == (Files{}) {
		return nil, nil
	}
	if f.Certificate == "" || f.Key == "" || f.CA == "" {
		return nil, errors.New("TLS needs a certificate, its key and a CA: all three or none")
	}
	pem, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, fmt.Errorf("CA: %w", err)
	}
	s := &Source{f, x509.NewCertPool()}
	if !s.ca.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("CA: no certificate in %s", f.CA)
	}
	_, err = s.certificate()
	return s, err
}

func (s *Source) certificate() (*tls.Certificate, error) {
	c, err := tls.LoadX509KeyPair(s.files.Certificate, s.files.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", s.files.Certificate, s.files.Key, err)
	}
	return &c, nil
}

// Config is for both sides of a connection; host is the name to be found in the other's certificate when this side
// connects, and may be filled in later.
func (s *Source) Config(host string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		ServerName: host,
		RootCAs:    s.ca, ClientCAs: s.ca,
		ClientAuth:           tls.RequireAndVerifyClientCert,
		GetCertificate:       func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.certificate() },
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return s.certificate() },
	}
}
