package history

import (
	"fmt"
	"slices"
)

// Asynchronous checks a checkpoint whose updates are acknowledged by the active replica alone:
//
//   - a value read was written by a call that had begun by then
//   - after a value was read, no value is read whose writing had ended before that of the first began; unless the active
//     moved, which may lose updates
//   - after a Barrier no value is read whose writing had ended before that of another began, which had ended itself when the
//     Barrier was invoked; unless the active moved before the Barrier had ended, or every in-sync replica was lost
//   - with the same exceptions, a section made before a Barrier and deleted by nobody is there after it
//
// moved are the moments at which the active moved or every in-sync replica was lost; lost of them the latter.
func Asynchronous(operations []Operation, moved, lost []int64) error {
	type written struct {
		section string
		value   uint64
	}
	writers := make(map[written]*Operation)
	key := func(o *Operation) written { return written{o.Section, o.Value} }
	var barriers []*Operation
	for i := range operations {
		switch o := &operations[i]; o.Kind {
		case Write, Create:
			writers[key(o)] = o
		case Barrier:
			barriers = append(barriers, o)
		}
	}
	moved, lost = slices.Sorted(slices.Values(moved)), slices.Sorted(slices.Values(lost))
	happened := func(times []int64, from, to int64) bool {
		i, _ := slices.BinarySearch(times, from)
		return i < len(times) && times[i] <= to
	}
	bySection := make(map[string][]*Operation)
	changes := make(map[string][]*Operation)
	for i := range operations {
		if o := &operations[i]; o.Kind == Write || o.Kind == Create {
			changes[o.Section] = append(changes[o.Section], o)
		}
	}
	for i := range operations {
		o := &operations[i]
		if o.Kind != Read || !o.Found {
			continue
		}
		by := writers[key(o)]
		if by == nil {
			return fmt.Errorf("a value that nobody wrote was read: %v", o)
		}
		if by.Call > o.End {
			return fmt.Errorf("a value was read before it was written: %v by %v", o, by)
		}
		for _, earlier := range bySection[o.Section] {
			// Operations come in any order: look at both.
			for _, pair := range [][2]*Operation{{earlier, o}, {o, earlier}} {
				first, second := pair[0], pair[1]
				w1, w2 := writers[key(first)], writers[key(second)]
				if first.End < second.Call && settled(w2) < w1.Call && !happened(moved, w1.Call, second.End) {
					return fmt.Errorf("an older value came back although the active did not move:\n  %v of %v\n  %v of %v", first, w1, second, w2)
				}
			}
		}
		bySection[o.Section] = append(bySection[o.Section], o)
		for _, b := range barriers {
			if err := durable(changes[o.Section], o, by, b, happened, moved, lost); err != nil {
				return err
			}
		}
	}
	return vanished(operations, happened, moved, lost)
}

// settled is when a writing had certainly been carried out, if ever.
func settled(o *Operation) int64 {
	if o.Maybe {
		return Forever
	}
	return o.End
}

// durable checks one read, of what by wrote, against one Barrier; changes are those of the section.
func durable(changes []*Operation, read, by, barrier *Operation, happened func(times []int64, from, to int64) bool, moved, lost []int64) error {
	if read.Call <= barrier.End || happened(lost, barrier.Call, read.End) {
		return nil
	}
	for _, w := range changes {
		if happened(moved, w.Call, barrier.End) {
			continue
		}
		if !w.Maybe && w.Found == (w.Kind == Write) && w.End < barrier.Call && settled(by) < w.Call {
			return fmt.Errorf("an update made before Synchronize is gone: %v, then %v, and yet %v of %v", w, barrier, read, by)
		}
	}
	return nil
}
