package simulation

import (
	"fmt"
	"math"
	"slices"

	"libckpt/internal/wire"
)

// records is what the clients have done and seen.
type records struct {
	operations []*operated
	names      map[string][]naming
	unlinks    []unlinking
	calls      map[string]int // on each section, as far as they are judged
}

// room reports whether the checker can take one more call on a section.
func (h *records) room(a *ask, on *handle) bool {
	if h.calls == nil {
		h.calls = make(map[string]int)
	}
	sections := make([]string, 0, len(sectionNames))
	for _, s := range a.sections {
		sections = append(sections, string(s))
	}
	if a.do == opList {
		sections = append(sections, sectionNames...)
	}
	for i, s := range sections {
		sections[i] = fmt.Sprint(on.checkpoint, " ", s)
		if h.calls[sections[i]] >= operationsMax {
			return false
		}
	}
	for _, s := range sections {
		h.calls[s]++
	}
	return true
}

// expire notes that a node director begins to remove a section whose time has come; nil: the checker has no room for it.
func (h *records) expire(w *world, k *checkpoint, section string) *operated {
	key := fmt.Sprint(k.id, " ", section)
	if h.calls[key] >= operationsMax+expiriesMax {
		return nil
	}
	h.calls[key]++
	o := &operated{
		client: -1 - slices.Index(w.nodes, k.d.n), node: k.d.n.name, checkpoint: k.id, flags: k.config.Attributes.CreationFlags,
		do: opExpire, sections: []string{section}, call: w.now, end: math.MaxInt64, code: wire.Timeout, faulty: w.faults.present(),
	}
	h.operations = append(h.operations, o)
	return o
}

// operated is one call on a checkpoint, or the removal of an expired section.
type operated struct {
	client     int
	node       string
	checkpoint uint64
	flags      uint32
	do         operation
	sections   []string
	value      uint64 // written, or read
	call       int64  // true time
	end        int64  // math.MaxInt64 = it has not ended, or may be carried out yet
	code       wire.Code
	index      int
	list       []string
	local      bool
	faulty     bool // a fault was there, or came, while it was under way
}

// naming is an opening that gave a checkpoint for a name.
type naming struct {
	checkpoint uint64
	call, end  int64
}

type unlinking struct {
	name      string
	call, end int64
}

func (h *records) named(w *world, name string, checkpoint uint64, call int64) {
	if h.names == nil {
		h.names = make(map[string][]naming)
	}
	h.names[name] = append(h.names[name], naming{checkpoint, call, w.now})
}

func (h *records) begin(w *world, c *client, on *handle, a *ask) *operated {
	o := &operated{
		client: c.id, node: c.n.name, checkpoint: on.checkpoint, flags: on.flags, do: a.do, value: a.value, call: w.now,
		end: math.MaxInt64, code: wire.Timeout, faulty: w.faults.present(),
	}
	for _, s := range a.sections {
		o.sections = append(o.sections, string(s))
	}
	h.operations = append(h.operations, o)
	return o
}

func (h *records) end(w *world, o *operated, r *reply, local bool) {
	o.end, o.code, o.index, o.list, o.local = w.now, r.code, int(r.index), r.list, local
	o.faulty = o.faulty || w.faults.present() || w.faults.since(o.call)
	switch o.do {
	case opRead:
		o.value = r.value
	case opGenerate:
		if r.code == wire.OK {
			o.sections = []string{string(r.generated)}
		}
	case opUnlink:
		if r.code == wire.OK {
			h.unlinks = append(h.unlinks, unlinking{w.nameOf(o.checkpoint), o.call, o.end})
		}
	}
	w.tracef("client %d on %s: %d %v %q value %d: %v index %d local %v (called %.6f)", o.client, o.node, o.checkpoint, o.do,
		o.sections, o.value, o.code, o.index, local, float64(o.call)/1e9)
}

// nameOf is the name a checkpoint was opened by.
func (w *world) nameOf(checkpoint uint64) string {
	for _, s := range w.p.checkpoints {
		for _, n := range w.history.names[s.name] {
			if n.checkpoint == checkpoint {
				return s.name
			}
		}
	}
	return ""
}

// maybe reports whether it is not known if the call was carried out.
func (o *operated) maybe() bool {
	switch o.code {
	case wire.Timeout, wire.BadHandle:
		return true
	}
	return o.end == math.MaxInt64
}
