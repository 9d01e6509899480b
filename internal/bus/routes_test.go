package bus

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"libckpt/internal/certificate"
	"libckpt/internal/certificate/certificatetest"
	"libckpt/tests/freeport"
)

// member is one server of a cluster, with a daemon's connection.
type member struct {
	*Server
	conn *nats.Conn
}

func join(t *testing.T, r Routes) *member {
	t.Helper()
	credentials := NewCredentials()
	s := start(t, ServerOptions{Credentials: credentials, Routes: &r})
	user, password := credentials.DaemonUser()
	return &member{s, daemon(t, Options{Server: s, User: user, Password: password, Direct: true})}
}

// reaches waits until a message of one arrives at the other.
func reaches(t *testing.T, from, to *member) {
	t.Helper()
	subject := nats.NewInbox()
	sub, err := to.conn.SubscribeSync(subject)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Unsubscribe()
	until(t, "a message arrives", func() bool {
		if err := from.conn.Publish(subject, []byte("x")); err != nil {
			return false
		}
		_, err := sub.NextMsg(20 * time.Millisecond)
		return err == nil
	})
}

func allReach(t *testing.T, members []*member) {
	t.Helper()
	for _, a := range members {
		for _, b := range members {
			if a != b {
				reaches(t, a, b)
			}
		}
	}
}

// TestServersFindEachOther: three servers, of which two know only one, are one bus, also after one was restarted.
func TestServersFindEachOther(t *testing.T) {
	first := freeport.Address(t)
	r := func(k int, listen string) Routes {
		return Routes{Cluster: "x", Name: fmt.Sprint("n", k), Listen: listen, Peers: []string{first}, Secret: "secret"}
	}
	members := []*member{join(t, r(1, first)), join(t, r(2, "127.0.0.1:0")), join(t, r(3, freeport.Address(t)))}
	allReach(t, members)
	for _, m := range members {
		until(t, "two routes", func() bool { return m.Routed() == 2 })
	}
	members[0].Stop()
	until(t, "its routes end", func() bool { return members[1].Routed() == 1 })
	reaches(t, members[1], members[2])
	members[0] = join(t, r(1, first))
	allReach(t, members)
}

// TestSessionsReachOtherServersOnlyOnTheirSubjects: a session's credential counts for one server, its subjects on all of them.
func TestSessionsReachOtherServersOnlyOnTheirSubjects(t *testing.T) {
	first := freeport.Address(t)
	credentials := NewCredentials()
	s := start(t, ServerOptions{Credentials: credentials,
		Routes: &Routes{Cluster: "x", Name: "n1", Listen: first, Secret: "secret"}})
	other := join(t, Routes{Cluster: "x", Name: "n2", Listen: "127.0.0.1:0", Peers: []string{first}, Secret: "secret"})
	user, password := credentials.DaemonUser()
	reaches(t, &member{s, daemon(t, Options{Server: s, User: user, Password: password})}, other)
	if c, err := nats.Connect(other.URL(), nats.UserInfo(user, password)); err == nil {
		c.Close()
		t.Error("a server's own secret is good for another")
	}

	credentials.AddSession("s1", "secret", []string{"ckpt.x.n.a.s.1"}, []string{"ckpt.x.r.1.>"})
	mine, err := other.conn.SubscribeSync("ckpt.x.n.a.s.1")
	if err != nil {
		t.Fatal(err)
	}
	peers, err := other.conn.SubscribeSync("ckpt.x.p.>")
	if err != nil {
		t.Fatal(err)
	}
	refused := make(chan string, 8)
	c, err := nats.Connect(s.URL(), nats.UserInfo("s1", "secret"),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err.Error() }))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	forbidden := []string{"ckpt.x.p.a", "ckpt.x.p.a.0000000000000007.update", "ckpt.x.p.a.0000000000000007.control"}
	for _, subject := range forbidden {
		if err := c.Publish(subject, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	for _, subject := range append(forbidden, "ckpt.x.p.>") {
		if _, err := c.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
	}
	for range 2*len(forbidden) + 1 {
		select {
		case line := <-refused:
			if !strings.Contains(strings.ToLower(line), "permissions violation") {
				t.Error(line)
			}
		case <-time.After(patience):
			t.Fatal("a subject between node directors was not refused")
		}
	}
	until(t, "its own subject reaches the other server", func() bool {
		_ = c.Publish("ckpt.x.n.a.s.1", []byte("x"))
		_, err := mine.NextMsg(20 * time.Millisecond)
		return err == nil
	})
	if n, _, err := peers.Pending(); n != 0 || err != nil { // what came before the last one has come
		t.Errorf("%d messages of a session between node directors, %v", n, err)
	}
}

// TestControlHasARouteOfItsOwn: ControlUser's messages reach others of that user on every server, and nobody else.
func TestControlHasARouteOfItsOwn(t *testing.T) {
	first := freeport.Address(t)
	var members, control []*member
	for k := 1; k <= 3; k++ {
		credentials := NewCredentials()
		s := start(t, ServerOptions{Credentials: credentials, Routes: &Routes{Cluster: "x", Name: fmt.Sprint("n", k),
			Listen: freeAddressOr(t, k == 1, first), Peers: []string{first}, Secret: "secret"}})
		user, password := credentials.DaemonUser()
		members = append(members, &member{s, daemon(t, Options{Server: s, User: user, Password: password})})
		user, password = credentials.ControlUser()
		control = append(control, &member{s, daemon(t, Options{Server: s, User: user, Password: password, Direct: true})})
		if c, err := nats.Connect(s.URL(), nats.UserInfo(user, "guess")); err == nil {
			c.Close()
			t.Error("a guessed password is good for control")
		}
	}
	allReach(t, members)
	allReach(t, control)
	for _, m := range members {
		if m.Routed() != 2 {
			t.Errorf("%d other servers", m.Routed())
		}
	}
	for _, pair := range [][2]*member{{control[0], members[0]}, {control[0], members[1]}, {members[0], control[1]}} {
		from, to := pair[0], pair[1]
		sub, err := to.conn.SubscribeSync("ckpt.x.>")
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			_ = from.conn.Publish("ckpt.x.p.a.control", []byte("x"))
			if m, err := sub.NextMsg(5 * time.Millisecond); err == nil {
				t.Fatalf("got %s", m.Subject)
			}
		}
	}
}

func freeAddressOr(t *testing.T, or bool, address string) string {
	if or {
		return address
	}
	return freeport.Address(t)
}

// TestStrangersGetNoRoute: whoever does not know the secret, or is of another cluster, gets no message.
func TestStrangersGetNoRoute(t *testing.T) {
	first := freeport.Address(t)
	base := Routes{Cluster: "x", Name: "n1", Listen: first, Secret: "secret"}
	s := join(t, base)
	for _, c := range []struct {
		what   string
		change func(*Routes)
	}{
		{"another secret", func(r *Routes) { r.Secret = "guess" }},
		{"another cluster", func(r *Routes) { r.Cluster = "y" }},
		{"the same name", func(r *Routes) { r.Name = "n1" }},
	} {
		r := base
		r.Name, r.Listen, r.Peers = "n2", "127.0.0.1:0", []string{first}
		c.change(&r)
		stranger := join(t, r)
		sub, err := stranger.conn.SubscribeSync(">")
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			_ = s.conn.Publish("ckpt.x.p.a", []byte("x"))
			if m, err := sub.NextMsg(10 * time.Millisecond); err == nil {
				t.Fatalf("%s: got %s", c.what, m.Subject)
			}
		}
		if n := s.Routed(); n != 0 {
			t.Errorf("%s: %d routes", c.what, n)
		}
		stranger.Stop()
	}
	conn, err := net.Dial("tcp", first)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "CONNECT {\"name\":\"n9\",\"cluster\":\"x\"}\r\nPING\r\n")
	r := bufio.NewReader(conn)
	for heard := ""; ; {
		line, err := r.ReadString('\n')
		heard += line
		if err != nil {
			if !strings.Contains(heard, "Authorization Violation") || strings.Contains(heard, "PONG") {
				t.Errorf("without a secret: %q", heard)
			}
			break
		}
	}
}

func TestRoutesWithTLS(t *testing.T) {
	ours, theirs := certificatetest.New(t), certificatetest.New(t)
	first := freeport.Address(t)
	r := func(name, listen string, files certificate.Files) Routes {
		source, err := certificate.Load(files)
		if err != nil {
			t.Fatal(err)
		}
		return Routes{Cluster: "x", Name: name, Listen: listen, Peers: []string{first}, TLS: source.Config("")}
	}
	a := join(t, r("n1", first, ours.Files("n1")))
	b := join(t, r("n2", freeport.Address(t), ours.Files("n2")))
	reaches(t, a, b)
	reaches(t, b, a)
	c := join(t, r("n3", "127.0.0.1:0", theirs.Files("n3")))
	d := join(t, Routes{Cluster: "x", Name: "n4", Listen: "127.0.0.1:0", Peers: []string{first}, Secret: "secret"})
	for _, m := range []*member{c, d} {
		sub, err := m.conn.SubscribeSync(">")
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			_ = a.conn.Publish("ckpt.x.p.a", []byte("x"))
			if m, err := sub.NextMsg(10 * time.Millisecond); err == nil {
				t.Fatalf("a stranger got %s", m.Subject)
			}
		}
	}
	if a.Routed() != 1 {
		t.Errorf("%d routes", a.Routed())
	}
}

func TestRoutesThatCantBe(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, r := range []Routes{
		{Cluster: "x", Name: "n", Listen: "127.0.0.1:0"},
		{Cluster: "x", Name: "n", Listen: "nowhere", Secret: "s"},
		{Cluster: "x", Name: "n", Listen: taken.Addr().String(), Secret: "s"},
	} {
		if s, err := StartServer(ServerOptions{Routes: &r, Logger: quiet()}); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", r, err)
			if err == nil {
				s.Stop()
			}
		}
	}
}
