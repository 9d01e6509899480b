package simulation

import (
	"fmt"
	"math"
	"slices"
	"time"

	"libckpt/internal/wire"
	"libckpt/tests/history"
)

// judgeMax bounds the checker's work on one section, in real time.
const judgeMax = 20 * time.Second

// check judges what the clients have seen.
func (w *world) check() error {
	if err := w.checkNames(); err != nil {
		return err
	}
	if err := w.checkGenerated(); err != nil {
		return err
	}
	checkpoints := make(map[uint64][]*operated)
	var numbers []uint64
	for _, o := range w.history.operations {
		if checkpoints[o.checkpoint] == nil {
			numbers = append(numbers, o.checkpoint)
		}
		checkpoints[o.checkpoint] = append(checkpoints[o.checkpoint], o)
	}
	slices.Sort(numbers)
	for _, id := range numbers {
		if err := w.checkCheckpoint(id, checkpoints[id]); err != nil {
			return fmt.Errorf("checkpoint %d: %w", id, err)
		}
	}
	return nil
}

func (w *world) checkCheckpoint(id uint64, list []*operated) error {
	if list[0].flags&wire.FlagAllReplicas == 0 {
		lost := slices.Concat(w.watch.accepted[id], w.watch.apart[id])
		if t, deleted := w.watch.deleted[id]; deleted {
			lost = append(lost, t)
		}
		return history.Asynchronous(w.convert(list), w.watch.moved[id], lost)
	}
	for _, o := range list {
		if o.code != wire.TryAgain {
			w.stats.Checked++
			if o.faulty {
				w.stats.Overlapped++
			}
		}
	}
	if accepted := w.watch.accepted[id]; len(accepted) > 0 {
		if err := history.Asynchronous(w.convert(list), w.watch.moved[id], accepted); err != nil {
			return err
		}
		list = until(list, accepted[0])
	}
	return history.Linearizable(w.convert(list), judgeMax)
}

// until is what there was of calls at a time: those that ended later were under way.
func until(list []*operated, t int64) (before []*operated) {
	for _, o := range list {
		switch {
		case o.call > t:
			continue
		case o.end > t:
			open := *o
			open.end, open.code = math.MaxInt64, wire.Timeout
			o = &open
		}
		before = append(before, o)
	}
	return before
}

// convert makes the checker's operations: one for each section of a call.
func (w *world) convert(list []*operated) (all []history.Operation) {
	sections := make(map[string]bool)
	for _, o := range list {
		for _, s := range o.sections {
			sections[s] = sections[s] || o.do != opExpire
		}
	}
	for _, o := range list {
		if o.do == opExpire && !sections[o.sections[0]] {
			continue // made by a call whose client never learned the id
		}
		if o.refused() && (o.flags&wire.FlagAllReplicas == 0 && o.saw(w.watch.moved) || o.saw(w.watch.accepted)) {
			// Carried out by an active whose updates were lost, and then refused by the next one.
			again := *o
			again.code = wire.Timeout
			o = &again
		}
		for i, s := range o.sections {
			if h, ok := o.convert(i, s); ok {
				all = append(all, h)
			}
		}
		switch {
		case o.do == opList && o.code == wire.OK:
			for s, known := range sections {
				if !known {
					continue
				}
				all = append(all, history.Operation{
					Client: o.client, Section: s, Kind: history.Exists, Call: o.call, End: o.end, Found: slices.Contains(o.list, s),
				})
			}
		case o.do == opSynchronize && o.code == wire.OK:
			all = append(all, history.Operation{Client: o.client, Kind: history.Barrier, Call: o.call, End: o.end})
		}
	}
	return all
}

func (o *operated) refused() bool {
	return o.code == wire.NotExist || o.code == wire.Exist || o.code == wire.NoResources
}

// saw reports whether one of the moments of its checkpoint was during the call.
func (o *operated) saw(moments map[uint64][]int64) bool {
	return slices.ContainsFunc(moments[o.checkpoint], func(t int64) bool { return o.call <= t && t <= o.end })
}

// convert makes what the checker is told of one section of a call; false: nothing.
func (o *operated) convert(i int, section string) (h history.Operation, ok bool) {
	h = history.Operation{
		Client: o.client, Section: section, Value: o.value, Call: o.call, End: o.end, Maybe: o.maybe(),
		Found: o.code == wire.OK,
	}
	switch o.do {
	case opRead:
		h.Kind = history.Read
		return h, o.code == wire.OK || o.code == wire.NotExist && (o.local || o.flags&wire.FlagAllReplicas != 0)
	case opCreate, opGenerate:
		h.Kind = history.Create
		h.Found = o.code == wire.Exist
		if section == "" {
			return h, false // the id is not known
		}
	case opWrite, opOverwrite:
		h.Kind = history.Write
		if o.code == wire.NotExist && i != o.index && o.flags&wire.FlagAllReplicas != 0 {
			h.Kind, h.Found = history.Exists, true
			return h, i < o.index
		}
	case opDelete, opExpire:
		h.Kind = history.Delete
		if o.do == opExpire && o.code == wire.NotExist {
			return h, false // there was nothing to do
		}
	case opExpiration:
		h.Kind = history.Exists
		return h, o.flags&wire.FlagAllReplicas != 0 && (o.code == wire.OK || o.code == wire.NotExist)
	default:
		return h, false
	}
	if h.Maybe {
		h.End = math.MaxInt64
		return h, true
	}
	switch o.code {
	case wire.NotExist: // the section, or of an asynchronous checkpoint any active replica
		return h, o.do != opCreate && o.do != opGenerate && o.flags&wire.FlagAllReplicas != 0
	case wire.Exist:
		return h, true
	}
	return h, o.code == wire.OK
}

// checkNames checks that an unlinked checkpoint is never opened again by its name.
func (w *world) checkNames() error {
	if w.watch.rebuilt {
		return nil // unlinking is among what is lost with the directors' store
	}
	for _, u := range w.history.unlinks {
		old := make(map[uint64]bool)
		for _, n := range w.history.names[u.name] {
			if n.end < u.call {
				old[n.checkpoint] = true
			}
		}
		for _, n := range w.history.names[u.name] {
			if n.call > u.end && old[n.checkpoint] {
				return fmt.Errorf("checkpoint %d was unlinked at %v and opened again by its name %q at %v", n.checkpoint,
					time.Duration(u.end), u.name, time.Duration(n.end))
			}
		}
	}
	return nil
}

// checkGenerated checks that no generated id was given twice.
func (w *world) checkGenerated() error {
	type id struct {
		checkpoint uint64
		section    string
	}
	given := make(map[id]*operated)
	for _, o := range w.history.operations {
		accepted := len(w.watch.accepted[o.checkpoint]) > 0
		if o.do != opGenerate || o.code != wire.OK || o.flags&wire.FlagAllReplicas == 0 || accepted {
			continue
		}
		k := id{o.checkpoint, o.sections[0]}
		if given[k] != nil {
			return fmt.Errorf("checkpoint %d: section id %x was generated twice", k.checkpoint, k.section)
		}
		given[k] = o
	}
	return nil
}
