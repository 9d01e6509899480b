package director

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// authority makes certificates.
type authority struct {
	t    testing.TB
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	made int64
}

func newAuthority(t testing.TB) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	a.key = a.newKey()
	a.cert = a.issue("ca", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, a.key)
	return a
}

func (a *authority) newKey() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	return k
}

func (a *authority) issue(name string, c *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	a.made++
	c.SerialNumber, c.Subject = big.NewInt(a.made), pkix.Name{CommonName: name}
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent := a.cert
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(name+".crt", "CERTIFICATE", der)
	return made
}

func (a *authority) write(name, kind string, der []byte) {
	b := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(filepath.Join(a.dir, name), b, 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// files makes a certificate for this host, for both sides of a connection.
func (a *authority) files(name string) TLSFiles {
	key := a.newKey()
	a.issue(name, &x509.Certificate{
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, key)
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(name+".key", "EC PRIVATE KEY", der)
	in := func(f string) string { return filepath.Join(a.dir, f) }
	return TLSFiles{Certificate: in(name + ".crt"), Key: in(name + ".key"), CA: in("ca.crt")}
}

// stranger is a layer that is nobody's.
func stranger(t *testing.T, h hello, files TLSFiles) *layer {
	t.Helper()
	s, err := newSecrets(files)
	if err != nil {
		t.Fatal(err)
	}
	return &layer{hello: func() hello { return h }, secure: s}
}

// TestStrangers: who is not of the group, or has no certificate of the CA, is refused with one line, and the group goes on.
func TestStrangers(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	log := &lines{}
	g := newGroup(t, 3, func(o *Options) { o.TLS, o.Logger = ours.files(o.ID), log.logger() })
	g.start()
	g.ready()
	p := g.peer()
	p.register()
	to := g.peers[0].Address
	member := hello{Cluster: "test", ID: "d2", Store: "-"}
	other := func(change func(*hello)) hello { h := member; change(&h); return h }
	for _, c := range []struct {
		what  string
		hello hello
		files TLSFiles
		line  string
	}{
		{"not a member", other(func(h *hello) { h.ID = "d9" }), ours.files("x"), "d9 is not one of the directors (d1, d2, d3)"},
		{"of another cluster", other(func(h *hello) { h.Cluster = "else" }), ours.files("x"), "is of cluster else, this one of cluster test"},
		{"of another store", other(func(h *hello) { h.Store = "00ff" }), ours.files("x"), "store of another origin"},
		{"signed by another CA", member, TLSFiles{theirs.files("x").Certificate, theirs.files("x").Key, ours.files("y").CA}, "tls: "},
		{"without TLS", member, TLSFiles{}, "first record does not look like a TLS handshake"},
	} {
		_, err := stranger(t, c.hello, c.files).ask(to, time.Second)
		if err == nil {
			t.Errorf("%s: let in", c.what)
			continue
		}
		eventually(t, c.what+" is in the log: "+c.line, func() bool { return log.has(c.line) })
	}
	if _, err := stranger(t, member, ours.files("z")).ask(to, time.Second); err != nil {
		t.Errorf("a member: %v", err)
	}
	bare, err := tls.Dial("tcp", to, &tls.Config{InsecureSkipVerify: true})
	if err == nil { // TLS 1.3: the refusal comes with the first answer
		bare.SetDeadline(time.Now().Add(testWait))
		fmt.Fprintf(bare, "ckpt-director 1 test d2 - ask\n")
		if line, err := readLine(bare); err == nil {
			t.Errorf("without a certificate: %q", line)
		}
		bare.Close()
	}
	for _, nonsense := range []string{"GET / HTTP/1.1\r\n\r\n", "ckpt-director 9 test d2 - raft\n", strings.Repeat("x", 2000), ""} {
		c, err := tls.Dial("tcp", to, stranger(t, member, ours.files("n")).secure.config("127.0.0.1"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, nonsense)
		c.Close()
	}
	eventually(t, "versions are named", func() bool { return log.has("it speaks version 9, this release version 1") })
	p.open("a", time.Minute)
}

func TestSecrets(t *testing.T) {
	a := newAuthority(t)
	good := a.files("d1")
	empty := filepath.Join(a.dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range []TLSFiles{
		{Certificate: good.Certificate, Key: good.Key},
		{good.Certificate, good.Key, filepath.Join(a.dir, "none")},
		{good.Certificate, good.Key, empty},
		{good.Certificate, a.files("d2").Key, good.CA},
	} {
		if _, err := newSecrets(f); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", f, err)
		}
	}
	if s, err := newSecrets(TLSFiles{}); s != nil || err != nil {
		t.Errorf("%v %v", s, err)
	}
}

// TestGate: a director that lost its store has no vote until it has what was committed.
func TestGate(t *testing.T) {
	var last uint64
	g := &gate{last: func() (uint64, bool) { return last, true }}
	for i, c := range []struct {
		command any
		last    uint64
		want    bool
	}{
		{&raft.RequestVoteRequest{}, 0, false},
		{&raft.RequestPreVoteRequest{}, 0, false},
		{&raft.AppendEntriesRequest{}, 0, true}, // its leader does not know yet what is committed
		{&raft.RequestVoteRequest{}, 5, false},
		{&raft.AppendEntriesRequest{LeaderCommitIndex: 9}, 5, true},
		{&raft.AppendEntriesRequest{LeaderCommitIndex: 12}, 8, true},
		{&raft.RequestVoteRequest{}, 8, false},
		{&raft.RequestPreVoteRequest{}, 9, true},
		{&raft.RequestVoteRequest{}, 9, true},
	} {
		last = c.last
		if got := g.admits(c.command); got != c.want {
			t.Errorf("%d: %T with %d entries: %v", i, c.command, c.last, got)
		}
	}
}
