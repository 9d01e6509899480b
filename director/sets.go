package director

import (
	"slices"

	"libckpt/internal/wire"
)

// concerned lists the nodes that have a replica or openers, or are to have one.
func concerned(c *wire.Config) []string { return union(union(c.Open, c.InSync), c.Joining) }

// union, with and without treat sorted lists of node names as sets and leave their arguments unchanged.
func union(a, b []string) []string {
	for _, n := range b {
		a = with(a, n)
	}
	return a
}

func with(set []string, name string) []string {
	i, found := slices.BinarySearch(set, name)
	if found {
		return set
	}
	return slices.Insert(slices.Clone(set), i, name)
}

func without(set []string, name string) []string {
	i, found := slices.BinarySearch(set, name)
	if !found {
		return set
	}
	return slices.Delete(slices.Clone(set), i, i+1)
}

func has(set []string, name string) bool {
	_, found := slices.BinarySearch(set, name)
	return found
}
