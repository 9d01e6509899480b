package nodedirector

import (
	"cmp"
	"slices"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// history holds the latest updates of a checkpoint, without gaps, in the order of their numbers.
type history struct {
	events []wire.Event // events[first:] are held
	first  int
	bytes  int
}

// eventBytes is about what an event takes, here and on the wire.
func eventBytes(e *wire.Event) int {
	n := 48
	for i := range e.Elements {
		n += elementBytes(&e.Elements[i])
	}
	return n
}

func elementBytes(e *wire.Element) int { return 32 + len(e.ID) }

// add appends the update after the last one held; anything but the next number starts anew.
func (h *history) add(e wire.Event) {
	if held := h.events[h.first:]; len(held) > 0 && held[len(held)-1].Update+1 != e.Update {
		h.clear()
	}
	h.events = append(h.events, e)
	h.bytes += eventBytes(&e)
	for len(h.events)-h.first > historyEventsMax || h.bytes > historyBytesMax && len(h.events)-h.first > 1 {
		h.bytes -= eventBytes(&h.events[h.first])
		h.events[h.first] = wire.Event{}
		h.first++
	}
	if h.first > historyEventsMax {
		h.events = slices.Delete(h.events, 0, h.first)
		h.first = 0
	}
}

func (h *history) clear() { *h = history{} }

// since gives the updates after number n, at most a page of them, and the number it covers up to. ok is false when some
// of them are no longer held. last is the number of the checkpoint's last update.
func (h *history) since(n, last uint64) (events []wire.Event, upto uint64, ok bool) {
	if n >= last {
		return nil, last, true
	}
	held := h.events[h.first:]
	if len(held) == 0 || held[0].Update > n+1 {
		return nil, 0, false
	}
	if n >= held[len(held)-1].Update {
		return nil, last, true // what followed changed no section
	}
	held = held[n+1-held[0].Update:]
	size := 0
	for i := range held {
		size += eventBytes(&held[i])
		if i > 0 && size > changesPageSize || i == wire.EventsPerFrame {
			held = held[:i]
			break
		}
	}
	// Copied: the ring moves on while the page is being sent.
	return slices.Clone(held), held[len(held)-1].Update, true
}

// wholeSince makes the whole-section form: one element for each section changed after number n, in the order of the
// updates, cut at the end of an update when a page is full. upto is the number it covers.
func wholeSince(sections func(yield func(segment.Section) bool), n, last uint64) (whole []wire.Element, upto uint64) {
	var changed []segment.Section
	beyond := last // no section changed after this number is on the page
	sections(func(s segment.Section) bool {
		if s.Number <= n || s.Number > beyond {
			return true
		}
		if changed = append(changed, s); len(changed) == 2*changesPageMax {
			sortByNumber(changed)
			beyond = changed[changesPageMax].Number
			k, _ := slices.BinarySearchFunc(changed, beyond+1, compareNumber)
			changed = changed[:k] // more than a page only if one update changed so many
		}
		return true
	})
	sortByNumber(changed)
	size := 0
	for i := range changed {
		s := &changed[i]
		if (i >= changesPageMax || size > changesPageSize) && s.Number != changed[i-1].Number {
			return whole, changed[i-1].Number
		}
		e := wire.Element{ID: s.ID, Size: s.Size}
		size += elementBytes(&e)
		whole = append(whole, e)
	}
	return whole, beyond
}

func compareNumber(s segment.Section, n uint64) int { return cmp.Compare(s.Number, n) }

func sortByNumber(s []segment.Section) {
	slices.SortFunc(s, func(a, b segment.Section) int { return cmp.Compare(a.Number, b.Number) })
}
