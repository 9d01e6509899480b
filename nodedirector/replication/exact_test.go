package replication

import (
	"fmt"

	"testing"

	"libckpt/internal/wire"
)

// owner is an application that alone changes one section, one request after the other, with short deadlines: so it knows
// what the answers must be, unless a request ended with TIMEOUT and nothing has been answered since.
type owner struct {
	id       string
	node     string
	slot     uint16
	number   [3]uint64
	exists   bool
	value    string
	doubtful bool // a request since the last answer may have been done
	unsure   bool // the value may be that of such a request
	request  *Request
	token    Token
	again    int64
	deadline int64
}

// expect is the answer that the request must have.
func (o *owner) expect() wire.Code {
	switch {
	case o.request.Update.Op == wire.OpSectionCreate && o.exists:
		return wire.Exist
	case o.request.Update.Op != wire.OpSectionCreate && !o.exists:
		return wire.NotExist
	}
	return wire.OK
}

// TestExact has each of some applications create, overwrite and delete a section of its own on a cluster to which all
// kinds of things happen. No request is done twice, none is done after a later one was answered, none that was answered OK
// is lost, and TRY_AGAIN means that it was not done.
func TestExact(t *testing.T) {
	runs, first := 60, uint64(1)
	if *runsFlag != 0 {
		runs = *runsFlag
	}
	if *seedFlag != 0 {
		first, runs = *seedFlag, 1
	}
	acked := 0
	for seed := first; seed < first+uint64(runs); seed++ {
		acked += exactRun(t, seed)
		if t.Failed() {
			t.Fatalf("go test -run TestExact -seed=%d repeats this", seed)
		}
	}
	t.Logf("%d requests answered in %d runs", acked, runs)
}

func exactRun(t *testing.T, seed uint64) (acked int) {
	x := newChaos(seed, wire.FlagAllReplicas)
	c := x.c
	var owners []*owner
	for i := range 9 {
		owners = append(owners, &owner{id: fmt.Sprint("o", i), node: c.names[i%3]})
	}
	c.answered = func(n *member, k Token, v Verdict, _ []byte) {
		for _, o := range owners {
			if o.request == nil || o.token != k || o.node != n.name {
				continue
			}
			c.log("%s: %v", o.id, v.Code)
			o.finish(t, seed, v.Code)
			acked++
		}
	}
	token := Token(0)
	submit := func(o *owner, repeated bool) {
		token++
		o.token = token
		r := *o.request
		m := c.nodes[o.node]
		r.Token, r.Repeated, r.Deadline = token, repeated, m.clock()+int64(float64(o.deadline-c.now)*m.rate)
		o.again = c.now + 400*millisecond
		m.submit(&r)
	}
	act := func(o *owner) {
		o.slot = uint16(x.rng.IntN(len(o.number)))
		o.number[o.slot]++
		o.deadline = c.now + millisecond*(20+x.rng.Int64N(1500))
		u := Update{
			Op: []wire.Op{wire.OpSectionCreate, wire.OpOverwrite, wire.OpSectionDelete}[x.rng.IntN(3)], Access: wire.OpenWrite, Open: 1,
			Time: Never, Request: wire.RequestID{Session: uint64(o.id[1]), Slot: o.slot, Number: o.number[o.slot]},
		}
		if u.Op != wire.OpSectionDelete {
			u.Data = fmt.Append(nil, o.slot, ".", o.number[o.slot])
		}
		u.Elements = []wire.Element{{ID: []byte(o.id), Size: uint64(len(u.Data))}}
		o.request = &Request{Kind: RequestUpdate, Update: u}
		c.log("%s: operation %d %q", o.id, u.Op, u.Data)
		submit(o, false)
	}
	for range 12_000 {
		c.step()
		for _, o := range owners {
			m := c.nodes[o.node]
			switch {
			case !m.up || m.version == 0:
				if o.request != nil && c.now >= o.deadline { // its library gives up
					o.finish(t, seed, wire.Timeout)
				}
			case o.request == nil && x.chance(0.02):
				act(o)
			case o.request != nil && c.now >= o.again && c.now < o.deadline:
				m.core.Cancel(o.token)
				delete(m.requests, o.token)
				submit(o, true)
			case o.request != nil && c.now >= o.deadline+100*millisecond:
				m.core.Cancel(o.token)
				delete(m.requests, o.token)
				o.finish(t, seed, wire.Timeout)
			}
		}
		x.befall()
	}
	x.rest()
	rest := 0
	for range 12_000 {
		c.step()
		if rest++; !c.quiet() {
			rest = 0
		}
		if rest == 300 {
			break
		}
	}
	c.check(t, seed)
	active := c.nodes[c.director.config.Active]
	for _, o := range owners {
		if o.request != nil || o.doubtful || active.store == nil {
			continue
		}
		s, exists := active.store.Lookup([]byte(o.id))
		if exists != o.exists || exists && !o.unsure && string(active.store.sections[o.id].data) != o.value {
			t.Errorf("seed %d: %s exists %v, size %d; it should: %v, %q", seed, o.id, exists, s.Size, o.exists, o.value)
		}
	}
	return acked
}

// finish takes an answer.
func (o *owner) finish(t *testing.T, seed uint64, code wire.Code) {
	r := o.request
	want := o.expect()
	o.request = nil
	switch code {
	case wire.Timeout:
		o.doubtful, o.unsure = true, true
		return
	case wire.TryAgain: // not done: what is known stays known, what is not does not become so
		return
	}
	if !o.doubtful && code != want {
		t.Errorf("seed %d: %s: operation %d: %v, want %v", seed, o.id, r.Update.Op, code, want)
	}
	o.doubtful = false
	switch r.Update.Op {
	case wire.OpSectionDelete:
		o.exists, o.unsure = false, false
	case wire.OpOverwrite:
		o.exists = code == wire.OK
		o.value, o.unsure = string(r.Update.Data), false
	case wire.OpSectionCreate:
		if code == wire.OK {
			o.value, o.unsure = string(r.Update.Data), false
		}
		o.exists = true
	}
}
