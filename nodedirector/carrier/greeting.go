package carrier

import (
	"bufio"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"

	"libckpt/internal/wire"
)

// A stream begins with lines:
//
//	who connects   ckpt-stream VERSION WAY CLUSTER FROM INCARNATION TO INCARNATION NONCE    incarnations in hexadecimal
//	who accepts    ok NONCE PROOF   |   refused REASON
//	who connects   PROOF
//	who accepts    welcome          |   refused REASON
//
// A proof is made with the cluster's token of both nonces and all that the first line says, and is another for each side.
// The token itself is never sent.
type greeting struct {
	version  byte
	way      way
	cluster  string
	from, to sender
	nonce    string
}

const greetingWord = "ckpt-stream"

// way is what a stream is for.
type way string

const (
	wayBulk   way = "bulk"
	wayUpdate way = "update"
)

func (g *greeting) String() string {
	return fmt.Sprintf("%s %d %s %s %s %x %s %x %s", greetingWord, g.version, g.way, g.cluster,
		g.from.node, g.from.incarnation, g.to.node, g.to.incarnation, g.nonce)
}

var errNoNode = errors.New("it is no node director")

func parseGreeting(line string) (g greeting, err error) {
	n, err := fmt.Sscanf(line, greetingWord+" %d %s %s %s %x %s %x %s", &g.version, &g.way, &g.cluster,
		&g.from.node, &g.from.incarnation, &g.to.node, &g.to.incarnation, &g.nonce)
	refused := wire.CheckVersion(g.version, versionOldest, version)
	switch {
	case n >= 1 && refused != nil:
		return g, fmt.Errorf("it is of %w", refused)
	case err != nil, g.String() != line, !wire.ValidToken(g.from.node), g.way != wayBulk && g.way != wayUpdate:
		return g, errNoNode
	}
	return g, nil
}

func (g *greeting) proof(token []byte, side, nonce string) string {
	m := hmac.New(sha256.New, token)
	fmt.Fprintf(m, "%s\n%s\n%s\n", side, g, nonce)
	return hex.EncodeToString(m.Sum(nil))
}

// The sides of a stream.
const connecting, accepting = "connecting", "accepting"

func newNonce() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}

var errToken = errors.New("it does not know this cluster's secret")

// introduce makes a new connection one to the peer: it returns when the peer takes frames. r reads from conn.
func (c *Carrier) introduce(conn net.Conn, r *bufio.Reader, to Peer, on way) error {
	g := greeting{version, on, c.o.Cluster, sender{c.o.Node, c.o.Incarnation}, sender{to.Name, to.Incarnation}, newNonce()}
	if _, err := fmt.Fprintf(conn, "%s\n", &g); err != nil {
		return err
	}
	answer, err := readLine(r)
	if err != nil {
		return err
	}
	words := strings.Fields(answer)
	if len(words) != 3 || words[0] != "ok" {
		return errors.New(answer)
	}
	nonce, proof := words[1], words[2]
	if !hmac.Equal([]byte(proof), []byte(g.proof(c.o.Token, accepting, nonce))) {
		return errToken
	}
	if _, err := fmt.Fprintf(conn, "%s\n", g.proof(c.o.Token, connecting, nonce)); err != nil {
		return err
	}
	if answer, err = readLine(r); err != nil {
		return err
	}
	if answer != "welcome" {
		return errors.New(answer)
	}
	return nil
}

// examine reads what the other says of itself, and answers. With an error the other has been told why.
func (c *Carrier) examine(conn net.Conn, r *bufio.Reader) (from sender, on way, err error) {
	refuse := func(err error) (sender, way, error) {
		fmt.Fprintf(conn, "refused %v\n", err) // it is refused all the same if it can't be told
		return from, on, err
	}
	line, err := readLine(r)
	if errors.Is(err, errNoNode) {
		return refuse(err)
	}
	if err != nil {
		return from, on, err
	}
	g, err := parseGreeting(line)
	switch {
	case err != nil:
		return refuse(err)
	case g.cluster != c.o.Cluster:
		return refuse(fmt.Errorf("node %s is of cluster %s, this one of cluster %s", g.from.node, g.cluster, c.o.Cluster))
	case g.to.node != c.o.Node, g.to.incarnation != 0 && g.to.incarnation != c.o.Incarnation:
		return refuse(fmt.Errorf("node %s looks for incarnation %x of %s, this is %x of %s",
			g.from.node, g.to.incarnation, g.to.node, c.o.Incarnation, c.o.Node))
	}
	nonce := newNonce()
	if _, err := fmt.Fprintf(conn, "ok %s %s\n", nonce, g.proof(c.o.Token, accepting, nonce)); err != nil {
		return from, on, err
	}
	if line, err = readLine(r); err != nil {
		return from, on, err
	}
	if !hmac.Equal([]byte(line), []byte(g.proof(c.o.Token, connecting, nonce))) {
		return refuse(errToken)
	}
	_, err = fmt.Fprint(conn, "welcome\n")
	return g.from, g.way, err
}

// secure wraps a connection in TLS if that is configured. host is where it was made to; "" = it was accepted.
func (c *Carrier) secure(conn net.Conn, host string) (net.Conn, error) {
	if c.o.TLS == nil {
		return conn, nil
	}
	config := c.o.TLS.Clone()
	config.MinVersion = tls.VersionTLS13
	config.ClientAuth = tls.RequireAndVerifyClientCert
	var t *tls.Conn
	if host != "" {
		config.ServerName = host
		t = tls.Client(conn, config)
	} else {
		t = tls.Server(conn, config)
	}
	return t, t.Handshake()
}

func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) || err == nil && len(line) > greetingBytes {
		return "", errNoNode
	}
	if err != nil {
		return "", err
	}
	for _, b := range line[:len(line)-1] { // it may end in a log
		if b < ' ' || b > '~' {
			return "", errNoNode
		}
	}
	return string(line[:len(line)-1]), nil
}
