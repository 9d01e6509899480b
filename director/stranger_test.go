package director

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"libckpt/internal/certificate"
	"libckpt/internal/certificate/certificatetest"
)

// stranger is a layer that is nobody's.
func stranger(t *testing.T, h hello, files certificate.Files) *layer {
	t.Helper()
	s, err := certificate.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return &layer{hello: func() hello { return h }, secure: s}
}

// TestStrangers: who is not of the group, or has no certificate of the CA, is refused with one line, and the group goes on.
func TestStrangers(t *testing.T) {
	ours, theirs := certificatetest.New(t), certificatetest.New(t)
	log := &lines{}
	g := newGroup(t, 3, func(o *Options) { o.TLS, o.Logger = ours.Files(o.ID), log.logger() })
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
		files certificate.Files
		line  string
	}{
		{"not a member", other(func(h *hello) { h.ID = "d9" }), ours.Files("x"), "d9 is not one of the directors (d1, d2, d3)"},
		{"of another cluster", other(func(h *hello) { h.Cluster = "else" }), ours.Files("x"), "is of cluster else, this one of cluster test"},
		{"of another store", other(func(h *hello) { h.Store = "00ff" }), ours.Files("x"), "store of another origin"},
		{"signed by another CA", member, certificate.Files{
			Certificate: theirs.Files("x").Certificate, Key: theirs.Files("x").Key, CA: ours.Files("y").CA}, "tls: "},
		{"without TLS", member, certificate.Files{}, "first record does not look like a TLS handshake"},
	} {
		_, err := stranger(t, c.hello, c.files).ask(to, time.Second)
		if err == nil {
			t.Errorf("%s: let in", c.what)
			continue
		}
		eventually(t, c.what+" is in the log: "+c.line, func() bool { return log.has(c.line) })
	}
	if _, err := stranger(t, member, ours.Files("z")).ask(to, time.Second); err != nil {
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
		c, err := tls.Dial("tcp", to, stranger(t, member, ours.Files("n")).secure.Config("127.0.0.1"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, nonsense)
		c.Close()
	}
	eventually(t, "versions are named", func() bool { return log.has("it speaks version 9, this release version 1") })
	p.open("a", time.Minute)
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
