package cluster

import (
	"fmt"
	"sync"
	"sync/atomic"

	"libckpt/tests/history"
)

// values are written once each in a run, so that a value read names the call that wrote it.
var values atomic.Uint64

// record is what the clients of one checkpoint have done and seen.
type record struct {
	name        string
	synchronous bool

	mu         sync.Mutex
	operations []history.Operation
	wrong      []string // ends of calls that must not be, at most wrongMax
	refused    int      // TRY_AGAIN
	unknown    int      // TIMEOUT, or the program was killed
	faults     []span
	sections   []*section // that are worked on
	made       int        // sections so far
}

const wrongMax = 10

// span is the time of a fault and of what it leaves behind, ns of CLOCK_MONOTONIC.
type span struct{ begin, end int64 }

func (s span) meets(o *history.Operation) bool { return o.Call <= s.end && s.begin <= o.End }

// section is one that is worked on.
type section struct {
	name         string
	calls, maybe int
}

func newRecord(name string, synchronous bool) *record {
	return &record{name: name, synchronous: synchronous}
}

// take chooses sections for one call, all different. Those that have had as many calls as can be judged are replaced.
func (r *record) take(count int, choose func(n int) int) []*section {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.sections) < sectionsAtOnce {
		r.sections = append(r.sections, r.fresh())
	}
	first := choose(sectionsAtOnce)
	var list []*section
	for i := range count {
		k := (first + i) % sectionsAtOnce
		if r.sections[k].calls >= callsMax || r.sections[k].maybe >= maybeMax {
			r.sections[k] = r.fresh()
		}
		r.sections[k].calls++
		list = append(list, r.sections[k])
	}
	return list
}

func (r *record) fresh() *section {
	r.made++
	return &section{name: fmt.Sprintf("s%d", r.made)}
}

// put records the end of a call on sections.
func (r *record) put(client int, kind history.Kind, value uint64, sections []*section, a answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := history.Operation{Client: client, Kind: kind, Value: value, Call: a.begin, End: a.end}
	changes := kind == history.Write || kind == history.Create || kind == history.Delete
	switch {
	case a.lost || a.code == timeout:
		r.unknown++
		if !changes {
			return
		}
		o.End, o.Maybe = history.Forever, true
	case a.code == tryAgain:
		r.refused++
		return
	case a.code == ok:
		o.Found = kind != history.Create
		if kind == history.Read {
			o.Value = a.value
		}
	case a.code == notExist && kind != history.Create && kind != history.Barrier:
		if len(sections) > 1 {
			return // nothing is written, and it is not known which one is missing
		}
	case a.code == exist && kind == history.Create:
		o.Found = true
	default:
		if len(r.wrong) < wrongMax {
			r.wrong = append(r.wrong, fmt.Sprintf("client %d: %v of %s: code %d", client, kind, names(sections), a.code))
		}
		return
	}
	if kind == history.Barrier {
		r.operations = append(r.operations, o)
	}
	for _, s := range sections {
		o.Section = s.name
		r.operations = append(r.operations, o)
		if o.Maybe {
			s.maybe++
		}
	}
}

func names(sections []*section) (all []string) {
	for _, s := range sections {
		all = append(all, s.name)
	}
	return all
}

func (r *record) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.operations)
}

// fault tells that there was one.
func (r *record) fault(begin, end int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, span{begin, end})
}

// judge checks all that is recorded. It returns how many calls there were, and how many met a fault.
func (r *record) judge() (calls, overlapped int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var moved []int64 // when the active may have moved: see below
	for i := range r.operations {
		o := &r.operations[i]
		met := false
		for _, s := range r.faults {
			met = met || s.meets(o)
			// The active may have moved at any moment of the span. A call that began in it stands for all the time that
			// began with it.
			if s.begin <= o.Call && o.Call <= s.end {
				moved = append(moved, o.Call)
			}
		}
		if met {
			overlapped++
		}
	}
	for _, s := range r.faults {
		moved = append(moved, s.begin, s.end)
	}
	if len(r.wrong) > 0 {
		return len(r.operations), overlapped, fmt.Errorf("calls ended as they must not: %q", r.wrong)
	}
	if r.synchronous {
		return len(r.operations), overlapped, history.Linearizable(r.operations, judgeMax)
	}
	return len(r.operations), overlapped, history.Asynchronous(r.operations, moved, nil)
}
