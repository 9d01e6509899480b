package replication

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"libckpt/internal/wire"
	"libckpt/tests/transcript"
)

// TestTranscripts carries out the commands of each transcript in testdata. What they came to has milliseconds since the
// beginning: messages as they arrive (Beats are left out), answers, and what the director is asked for.
func TestTranscripts(t *testing.T) {
	transcript.Test(t, func(t *testing.T, out *strings.Builder) func([]string) {
		x := &script{t: t, out: out, cut: map[[2]string]bool{}, names: map[Token]string{}}
		x.c = newCluster("a", "b", "c")
		x.c.log = x.printf
		x.c.deliver = x.deliver
		x.c.answered = func(m *member, tok Token, v Verdict, payload []byte) {
			s := fmt.Sprintf("%s at %s: %v", x.names[tok], m.name, v.Code)
			if payload != nil {
				s += " " + string(payload)
			}
			x.printf("%s", s)
		}
		x.config = wire.Config{
			Checkpoint: 1, Name: "c", Epoch: wire.Epoch{Generation: 1, Counter: 1},
			Attributes: wire.Attributes{CreationFlags: wire.FlagAllReplicas, MaxSections: 100, MaxSectionSize: 1 << 24, MaxSectionIDSize: 16},
		}
		for _, n := range x.c.names {
			x.c.nodes[n].offset = int64(n[0]) * 1e12
			x.c.nodes[n].start()
		}
		return x.do
	})
}

// script is a transcript under way.
type script struct {
	t      *testing.T
	c      *cluster
	out    *strings.Builder
	config wire.Config
	cut    map[[2]string]bool
	lose   []string // kinds of messages, and from and to whom, of which the next is lost
	token  Token
	number uint64
	quiet  bool
	names  map[Token]string
}

func (x *script) printf(format string, args ...any) {
	if !x.quiet {
		fmt.Fprintf(x.out, "  %5d  %s\n", x.c.now/millisecond-1000, fmt.Sprintf(format, args...))
	}
}

func (x *script) deliver(p *packet) bool {
	if x.cut[[2]string{p.from, p.to}] {
		return false
	}
	name := strings.TrimPrefix(fmt.Sprintf("%T", p.message), "*replication.") + p.from + p.to
	if i := slices.Index(x.lose, name); i >= 0 {
		x.lose = slices.Delete(x.lose, i, i+1)
		return false
	}
	return true
}

func (x *script) do(w []string) {
	a := map[string]string{}
	for _, f := range w[1:] {
		k, v, _ := strings.Cut(f, "=")
		a[k] = v
	}
	list := func(s string) []string {
		if s == "" {
			return nil
		}
		return strings.Split(s, ",")
	}
	switch w[0] {
	case "asynchronous":
		x.config.Attributes.CreationFlags = wire.FlagActiveReplica
	case "continue": // actives of asynchronous checkpoints do without the others
		for _, m := range x.c.nodes {
			m.proceed, m.core.o.Continue = true, true
		}
	case "config": // [epoch] active= insync= joining= to=: what is given changes; "epoch" raises it
		x.config.Version++
		if _, ok := a["epoch"]; ok {
			x.config.Epoch.Counter++
		}
		if v, ok := a["active"]; ok {
			x.config.Active = v
		}
		if v, ok := a["insync"]; ok {
			x.config.InSync = list(v)
		}
		if v, ok := a["joining"]; ok {
			x.config.Joining = list(v)
		}
		x.config.Open = slices.Clone(x.c.names)
		to := x.c.names
		if v, ok := a["to"]; ok {
			to = list(v)
		}
		for _, n := range to {
			x.adopt(n)
		}
	case "adopt": // NODE: the present configuration reaches it
		x.adopt(w[1])
	case "create", "write", "read":
		x.request(w)
	case "sync":
		x.submit(w[1], "sync", &Request{Kind: RequestSynchronize})
	case "kept": // DURATION: how long the results of a session are kept
		for _, m := range x.c.nodes {
			d, err := time.ParseDuration(w[1])
			if err != nil {
				x.t.Fatal(err)
			}
			m.core.t.ResultsKept, m.core.t.RetireEvery = d, d/4
		}
	case "end": // NODE: the session of all requests ends
		x.submit(w[1], "end", &Request{Kind: RequestEndSession, Session: 7})
	case "front": // NODE SECTION: read without asking anybody
		v, ok := x.c.nodes[w[1]].frontRead(w[2])
		if !ok {
			v = "has to ask"
		}
		x.printf("%s reads %s: %s", w[1], w[2], v)
	case "run", "skip": // DURATION; skip does not show what happens
		d, err := time.ParseDuration(w[1])
		if err != nil {
			x.t.Fatal(err)
		}
		x.quiet = w[0] == "skip"
		x.c.run(d)
		x.quiet = false
	case "cut", "heal": // NODE NODE
		x.cut[[2]string{w[1], w[2]}] = w[0] == "cut"
		x.cut[[2]string{w[2], w[1]}] = w[0] == "cut"
	case "lose": // MESSAGE FROM TO: the next such message
		x.lose = append(x.lose, w[1]+w[2]+w[3])
	case "crash":
		x.c.nodes[w[1]].crash()
	case "start":
		x.c.nodes[w[1]].start()
	case "full": // NODE: no room any more
		x.c.nodes[w[1]].store.full = true
	case "fixed": // NODE: no configuration can be kept
		x.c.nodes[w[1]].store.fixed = true
	case "room": // NODE: there is room again
		s := x.c.nodes[w[1]].store
		s.full, s.fixed = false, false
	case "show": // NODE
		m := x.c.nodes[w[1]]
		s := "no replica"
		if m.store != nil {
			s = strings.ReplaceAll(m.store.content(), "\n", "; ")
		}
		x.printf("%s: %s", w[1], s)
	case "same": // all in-sync replicas are equal
		for _, n := range x.config.InSync {
			if got, want := x.c.nodes[n].store.content(), x.c.nodes[x.config.InSync[0]].store.content(); got != want {
				x.t.Errorf("%s has %s, %s has %s", n, got, x.config.InSync[0], want)
			}
		}
	default:
		x.t.Fatalf("command %q", w[0])
	}
}

func (x *script) adopt(n string) {
	if m := x.c.nodes[n]; m.up {
		m.configure(&x.config)
		m.adopt(x.config.Version)
	}
}

func (x *script) submit(node, name string, r *Request) {
	x.token++
	x.names[x.token] = name
	r.Token = x.token
	m := x.c.nodes[node]
	r.Deadline = m.clock() + 5000*millisecond
	m.submit(r)
}

// request reads: create|write NODE SECTION VALUE [again], read NODE SECTION. A VALUE of the form xN is N bytes long.
func (x *script) request(w []string) {
	name := strings.Join(append(w[:1:1], w[2:]...), " ")
	if w[0] == "read" {
		x.submit(w[1], name, &Request{Kind: RequestRead, Section: []byte(w[2]), Payload: []byte(w[2])})
		return
	}
	op := wire.OpOverwrite
	if w[0] == "create" {
		op = wire.OpSectionCreate
	}
	data := []byte(w[3])
	if n, err := strconv.Atoi(strings.TrimPrefix(w[3], "x")); err == nil && w[3][0] == 'x' {
		data = bytes.Repeat([]byte("x"), n)
	}
	again := len(w) > 4 && w[4] == "again" // the request made last, once more
	if !again {
		x.number++
	}
	x.submit(w[1], name, &Request{Kind: RequestUpdate, Repeated: again, Update: Update{
		Op: op, Access: wire.OpenWrite, Open: 1, Time: Never,
		Elements: []wire.Element{{ID: []byte(w[2]), Size: uint64(len(data))}}, Data: data,
		Request: wire.RequestID{Session: 7, Slot: 0, Number: x.number},
	}})
}
