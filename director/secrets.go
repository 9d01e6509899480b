package director

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLSFiles names PEM files: the director's own certificate and key, and the CA whose certificates are believed.
type TLSFiles struct{ Certificate, Key, CA string }

// secrets makes TLS configurations. Certificate and key are read anew for each connection, so that they can be renewed.
type secrets struct {
	files TLSFiles
	ca    *x509.CertPool
}

// newSecrets reads the files. A zero TLSFiles gives nil: no TLS.
func newSecrets(f TLSFiles) (*secrets, error) {
	if f == (TLSFiles{}) {
		return nil, nil
	}
	if f.Certificate == "" || f.Key == "" || f.CA == "" {
		return nil, errors.New("TLS needs a certificate, its key and a CA: all three or none")
	}
	pem, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, fmt.Errorf("CA: %w", err)
	}
	s := &secrets{f, x509.NewCertPool()}
	if !s.ca.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("CA: no certificate in %s", f.CA)
	}
	_, err = s.certificate()
	return s, err
}

func (s *secrets) certificate() (*tls.Certificate, error) {
	c, err := tls.LoadX509KeyPair(s.files.Certificate, s.files.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", s.files.Certificate, s.files.Key, err)
	}
	return &c, nil
}

// config is for both sides; host is the name to be found in the other's certificate when this side connects.
func (s *secrets) config(host string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		ServerName: host,
		RootCAs:    s.ca, ClientCAs: s.ca,
		ClientAuth:           tls.RequireAndVerifyClientCert,
		GetCertificate:       func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.certificate() },
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return s.certificate() },
	}
}
