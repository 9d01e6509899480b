package director

import (
	"maps"
	"slices"

	"libckpt/internal/wire"
)

// place chooses the nodes that are to hold replicas of a checkpoint that opener creates: opener first, whose replica is
// the active one unless nobody's is.
//
//	collocated      the opener; every other node that opens it later gets a replica then
//	non-collocated  the opener and the controllers: two if the opener is none, one if it is
//
// A node with no room for another replica is passed over as a backup; if the opener has none, that is NO_RESOURCES.
func (k *Core) place(opener *node, a *wire.Attributes) ([]string, wire.Code) {
	if opener.full() {
		return nil, wire.NoResources
	}
	places := []string{opener.Name}
	if a.Collocated() {
		return places, wire.OK
	}
	backups := backupsMax
	if opener.Controller {
		backups = backupsOfCtrlMax
	}
	for _, name := range slices.Sorted(maps.Keys(k.nodes)) {
		n := k.nodes[name]
		if len(places) == 1+backups {
			break
		}
		if n != opener && n.Controller && n.Up && !n.full() {
			places = append(places, name)
		}
	}
	return places, wire.OK
}

// full reports whether the node holds as many replicas as it may.
func (n *node) full() bool { return n.replicas >= int(n.ReplicasMax) }
