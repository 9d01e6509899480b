package nodedirector

import (
	"slices"

	"libckpt/internal/wire"
)

// deletions holds the latest deletions of a checkpoint, in the order of their numbers. Whoever has missed more updates
// than the history holds finds what was changed by looking at the sections, but not those that are gone.
type deletions struct {
	held  []deletion // held[first:] are held
	first int
	bytes int
}

// deletion is a section that was deleted, or has expired, by an update.
type deletion struct {
	number  uint64
	id      []byte
	expired bool
}

func (d *deletion) size() int { return 48 + len(d.id) }

// add notes what an update has deleted.
func (ds *deletions) add(e *wire.Event) {
	if len(e.Expired) > 0 {
		ds.addOne(deletion{e.Update, e.Expired, true})
	}
	for i := range e.Elements {
		if e.Deleted {
			ds.addOne(deletion{e.Update, e.Elements[i].ID, false})
		}
	}
}

func (ds *deletions) addOne(d deletion) {
	ds.held = append(ds.held, d)
	ds.bytes += d.size()
	for ds.bytes > deletionsBytesMax && len(ds.held)-ds.first > 1 {
		ds.bytes -= ds.held[ds.first].size()
		ds.held[ds.first] = deletion{}
		ds.first++
	}
	if ds.first > len(ds.held)/2 {
		ds.held = slices.Delete(ds.held, 0, ds.first)
		ds.first = 0
	}
}

// since gives the deletions of sections that do not exist now by the updates after n, as many as fit a page, and the
// number it covers up to, at most last. Of several deletions of one section it gives each.
func (ds *deletions) since(n, last uint64, exists func(id []byte) bool) (gone []deletion, upto uint64) {
	held := ds.held[ds.first:]
	from, _ := slices.BinarySearchFunc(held, n+1, func(d deletion, n uint64) int {
		switch {
		case d.number < n:
			return -1
		case d.number > n:
			return 1
		}
		return 0
	})
	size := 0
	for _, d := range held[from:] {
		if d.number > last {
			break
		}
		if (size > changesPageSize || len(gone) >= changesPageMax) && d.number != gone[len(gone)-1].number {
			return gone, d.number - 1
		}
		if !exists(d.id) {
			size += d.size()
			gone = append(gone, d)
		}
	}
	return gone, last
}
