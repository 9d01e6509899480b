package director

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"libckpt/internal/certificate"
)

// layer makes the connections between directors, for raft and for the question whether a group exists (see form). Each
// begins with a line of the one who connects and an answer:
//
//	ckpt-director VERSION CLUSTER ID STORE PURPOSE        STORE is "-" if it is not known yet
//	ok STATE RANK  |  refused REASON                       RANK: leads, or votes if it only does that, or deaf without a bus
//
// With TLS both sides show certificates of the configured CA. A director that is not in the group is refused.
type layer struct {
	net.Listener
	advertised string       // host:port; "" = not known
	hello      func() hello // Purpose left open
	cluster    string
	secure     *certificate.Source
	admit      func(hello) error // nil: may connect
	answer     func() answer
	log        *slog.Logger
	refused    quieted

	accepted chan net.Conn
	closed   chan struct{}
	close    sync.Once
	running  sync.WaitGroup
}

// hello is what a director says of itself when it connects.
type hello struct {
	Cluster, ID, Store string
	Purpose            purpose
}

// answer is what a director says of itself to one that it lets in.
type answer struct {
	State groupState
	Rank  string // leads, votes or deaf
}

func (a answer) String() string { return string(a.State) + " " + a.Rank }

const leads, votes, withoutBus = "leads", "votes", "deaf"

type purpose string

const (
	forRaft purpose = "raft"
	toAsk   purpose = "ask"
)

const layerVersion = 1

// startLayer listens; the functions of l may be called at once.
func startLayer(listen string, l *layer) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listen for directors: %w", err)
	}
	l.Listener = listener
	l.accepted, l.closed = make(chan net.Conn), make(chan struct{})
	l.running.Go(l.listen)
	return nil
}

// listen greets those that connect, a bounded number at a time.
func (l *layer) listen() {
	slots := make(chan struct{}, greetingsMax)
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			select {
			case <-l.closed:
				return
			case <-time.After(acceptPause): // out of descriptors, perhaps
				continue
			}
		}
		select {
		case slots <- struct{}{}:
			l.running.Go(func() {
				defer func() { <-slots }()
				l.greet(conn)
			})
		default:
			conn.Close()
		}
	}
}

// greet lets a director in, or answers it, or refuses whatever it is.
func (l *layer) greet(conn net.Conn) {
	peer := conn.RemoteAddr().String()
	conn.SetDeadline(time.Now().Add(greetingTimeout))
	conn, purpose, err := l.examine(conn)
	if err != nil {
		if !errors.Is(err, net.ErrClosed) && l.refused.allow(err.Error()) {
			l.log.Warn("connection to the directors' address refused", "peer", peer, "reason", oneLine(err))
		}
		conn.Close()
		return
	}
	if purpose == toAsk {
		conn.Close()
		return
	}
	conn.SetDeadline(time.Time{})
	select {
	case l.accepted <- conn:
	case <-l.closed:
		conn.Close()
	}
}

// examine reads what the other says, and answers. It returns the connection, with TLS if that is configured.
func (l *layer) examine(conn net.Conn) (net.Conn, purpose, error) {
	if l.secure != nil {
		c := tls.Server(conn, l.secure.Config(""))
		if err := c.Handshake(); err != nil {
			return conn, "", err
		}
		conn = c
	}
	line, err := readLine(conn)
	if err != nil {
		return conn, "", err
	}
	h, err := parseHello(line)
	if err == nil && h.Cluster != l.cluster {
		err = fmt.Errorf("director %s is of cluster %s, this one of cluster %s", h.ID, h.Cluster, l.cluster)
	}
	if err == nil {
		err = l.admit(h)
	}
	if err != nil {
		fmt.Fprintf(conn, "refused %s\n", oneLine(err))
		return conn, "", err
	}
	_, err = fmt.Fprintf(conn, "ok %s\n", l.answer())
	return conn, h.Purpose, err
}

// Accept implements raft.StreamLayer.
func (l *layer) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements raft.StreamLayer. It may be called again.
func (l *layer) Close() error {
	l.close.Do(func() {
		close(l.closed)
		l.Listener.Close()
		l.running.Wait()
	})
	return nil
}

// Addr implements raft.StreamLayer: where others are told to reach this director.
func (l *layer) Addr() net.Addr {
	if l.advertised == "" {
		return l.Listener.Addr()
	}
	return address(l.advertised)
}

type address string

func (a address) Network() string { return "tcp" }
func (a address) String() string  { return string(a) }

// Dial implements raft.StreamLayer.
func (l *layer) Dial(to raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	conn, _, err := l.connect(string(to), timeout, forRaft)
	return conn, err
}

// ask asks another director about itself.
func (l *layer) ask(to string, timeout time.Duration) (answer, error) {
	conn, a, err := l.connect(to, timeout, toAsk)
	if err == nil {
		conn.Close()
	}
	return a, err
}

func (l *layer) connect(to string, timeout time.Duration, p purpose) (net.Conn, answer, error) {
	end := time.Now().Add(timeout)
	conn, err := net.DialTimeout("tcp", to, timeout)
	if err != nil {
		return nil, answer{}, err
	}
	conn.SetDeadline(end)
	if l.secure != nil {
		host, _, err := net.SplitHostPort(to)
		if err != nil {
			conn.Close()
			return nil, answer{}, err
		}
		conn = tls.Client(conn, l.secure.Config(host))
	}
	h := l.hello()
	h.Purpose = p
	a, err := introduce(conn, h)
	if err != nil {
		conn.Close()
		return nil, answer{}, fmt.Errorf("director at %s: %w", to, err)
	}
	conn.SetDeadline(time.Time{})
	return conn, a, nil
}

func introduce(conn net.Conn, h hello) (answer, error) {
	if _, err := fmt.Fprintf(conn, "ckpt-director %d %s %s %s %s\n", layerVersion, h.Cluster, h.ID, h.Store, h.Purpose); err != nil {
		return answer{}, err
	}
	line, err := readLine(conn)
	if err != nil {
		return answer{}, err
	}
	words := strings.Fields(line)
	if len(words) != 3 || words[0] != "ok" {
		return answer{}, errors.New(line)
	}
	return answer{groupState(words[1]), words[2]}, nil
}

func parseHello(line string) (h hello, err error) {
	var version int
	n, err := fmt.Sscanf(line, "ckpt-director %d %s %s %s %s", &version, &h.Cluster, &h.ID, &h.Store, &h.Purpose)
	switch {
	case n >= 1 && version != layerVersion:
		return h, fmt.Errorf("it speaks version %d, this release version %d", version, layerVersion)
	case err != nil, h.Purpose != forRaft && h.Purpose != toAsk:
		return h, errors.New("it is no director")
	}
	return h, nil
}

// readLine reads a line byte by byte: what follows it belongs to others.
func readLine(conn net.Conn) (string, error) {
	var line []byte
	for b := make([]byte, 1); len(line) < greetingBytesMax; {
		if _, err := conn.Read(b); err != nil {
			return "", err
		}
		if b[0] == '\n' {
			return string(line), nil
		}
		line = append(line, b[0])
	}
	return "", errors.New("it is no director")
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// quieted lets each line through once in a while.
type quieted struct{ said sync.Map }

func (q *quieted) allow(line string) bool {
	now := time.Now()
	if last, ok := q.said.Load(line); ok && now.Sub(last.(time.Time)) < raftLogPause {
		return false
	}
	q.said.Store(line, now)
	return true
}
