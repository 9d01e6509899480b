// Package history judges what clients of a checkpoint have done and seen.
//
// A synchronous checkpoint (WR_ALL_REPLICAS) must be linearizable: each call takes effect at one moment between its
// invocation and its end, the same for everybody. Linearizable checks that section by section with porcupine. Of an
// asynchronous one Asynchronous checks what is promised there.
//
// Values are numbers that are written once in a history each: so a value read names the call that wrote it.
package history

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// Kind is what a call does to a section.
type Kind uint8

// Kinds of calls.
const (
	Read    Kind = iota + 1 // Value, if Found
	Exists                  // Found
	Write                   // of Value over the whole section, if Found
	Create                  // with Value, if not Found
	Delete                  // if Found
	Barrier                 // Synchronize that ended well, on all sections (Asynchronous only)
)

var kindNames = [...]string{"", "read", "exists", "write", "create", "delete", "synchronize"}

func (k Kind) String() string { return kindNames[k] }

// Forever as Operation.End: the call has not ended.
const Forever = math.MaxInt64

// Operation is a call, as far as it concerns one section. A call that changes several sections is an Operation for each.
type Operation struct {
	Client  int
	Section string // with the checkpoint, if there are several
	Kind    Kind
	Value   uint64
	Call    int64 // when it was invoked, ns on a clock that all clients share
	End     int64 // when it ended, ns; Call <= End
	Found   bool  // whether the section was there, before it
	// Maybe: it is not known whether, and until when, it is carried out (TIMEOUT, or no answer); changes only.
	Maybe bool
}

func (o *Operation) String() string {
	found := "absent"
	switch {
	case o.Maybe:
		found = "perhaps"
	case o.Found:
		found = "present"
	}
	return fmt.Sprintf("%.6f..%.6f client %d %v %q %d %s", seconds(o.Call), seconds(o.End), o.Client, o.Kind, o.Section, o.Value, found)
}

func seconds(t int64) float64 {
	if t == Forever {
		return math.Inf(1)
	}
	return float64(t) / 1e9
}

// SectionMax is how many calls on one section Linearizable takes: with more its time has no bound worth the name.
const SectionMax = 200

// absent is the state of a section that is not there; others are its value.
const absent = uint64(math.MaxUint64)

func step(state uint64, o *Operation) (bool, uint64) {
	present := state != absent
	if o.Maybe {
		switch {
		case o.Kind == Write && present, o.Kind == Create && !present:
			return true, o.Value
		case o.Kind == Delete:
			return true, absent
		}
		return true, state
	}
	if o.Found != present {
		return false, state
	}
	switch {
	case o.Kind == Read && present:
		return state == o.Value, state
	case o.Kind == Write && present, o.Kind == Create && !present:
		return true, o.Value
	case o.Kind == Delete:
		return true, absent
	}
	return true, state
}

var model = porcupine.Model{
	Init: func() any { return absent },
	Step: func(state, input, _ any) (bool, any) { return step(state.(uint64), input.(*Operation)) },
}

// Linearizable checks that each section is a linearizable register which does not exist at first. The error shows the
// calls on a section that is not, or that could not be judged within the time given.
func Linearizable(operations []Operation, limit time.Duration) error {
	sections := make(map[string][]*Operation)
	var names []string
	for i := range operations {
		o := &operations[i]
		if sections[o.Section] == nil {
			names = append(names, o.Section)
		}
		sections[o.Section] = append(sections[o.Section], o)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := linearizable(sections[name], limit); err != nil {
			return fmt.Errorf("section %q: %w", name, err)
		}
	}
	return nil
}

func linearizable(section []*Operation, limit time.Duration) error {
	section = relevant(section)
	if len(section) > SectionMax {
		return fmt.Errorf("%d calls, at most %d can be judged", len(section), SectionMax)
	}
	history := make([]porcupine.Operation, len(section))
	for i, o := range section {
		end := o.End
		if o.Maybe {
			end = Forever
		}
		history[i] = porcupine.Operation{ClientId: i, Input: o, Call: o.Call, Return: end}
	}
	switch porcupine.CheckOperationsTimeout(model, history, limit) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return fmt.Errorf("not judged within %v:\n%s", limit, list(section))
	}
	return fmt.Errorf("not linearizable:\n%s", list(section))
}

// relevant leaves out calls that were perhaps carried out and of which nobody has seen anything: they could as well come
// last. A deletion leaves nothing to be recognized by, so it always counts.
func relevant(section []*Operation) []*Operation {
	seen := make(map[uint64]bool)
	for _, o := range section {
		if o.Kind == Read && o.Found {
			seen[o.Value] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(section), func(o *Operation) bool {
		return o.Maybe && o.Kind == Write && !seen[o.Value]
	})
}

func list(section []*Operation) string {
	sorted := slices.Clone(section)
	slices.SortFunc(sorted, func(a, b *Operation) int { return cmp.Compare(a.Call, b.Call) })
	var b strings.Builder
	for _, o := range sorted {
		fmt.Fprintf(&b, "  %v\n", o)
	}
	return b.String()
}
