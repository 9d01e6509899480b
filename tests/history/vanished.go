package history

import "fmt"

// vanished checks of an asynchronous checkpoint that a section made before a Barrier is there after it, unless somebody
// may have deleted it since, or the active moved before the Barrier had ended, or every in-sync replica was lost.
func vanished(operations []Operation, happened func(times []int64, from, to int64) bool, moved, lost []int64) error {
	bySection := make(map[string][]*Operation)
	var barriers []*Operation
	for i := range operations {
		if o := &operations[i]; o.Kind == Barrier {
			barriers = append(barriers, o)
		} else {
			bySection[o.Section] = append(bySection[o.Section], o)
		}
	}
	for _, section := range bySection {
		for _, read := range section {
			if read.Kind != Read || read.Found {
				continue
			}
			for _, made := range section {
				if made.Kind != Create || made.Found || made.Maybe || mayBeDeleted(section, made, read) {
					continue
				}
				for _, b := range barriers {
					if made.End < b.Call && b.End < read.Call && !happened(moved, made.Call, b.End) && !happened(lost, b.Call, read.End) {
						return fmt.Errorf("a section made before Synchronize is gone: %v, then %v, and yet %v", made, b, read)
					}
				}
			}
		}
	}
	return nil
}

// mayBeDeleted reports whether a call may have deleted the section after it was made and before the read.
func mayBeDeleted(section []*Operation, made, read *Operation) bool {
	for _, d := range section {
		if d.Kind == Delete && (d.Maybe || d.Found) && d.Call <= read.End && settled(d) >= made.Call {
			return true
		}
	}
	return false
}
