package director

import (
	"fmt"
	"slices"

	"libckpt/internal/wire"
)

// nodesDown marks nodes as down. Other in-sync replicas do without theirs; where there is no other on a node that is up,
// they stay in the configuration and may come back with their nodes.
func (k *Core) nodesDown(d *NodesDown) {
	var down []*node
	for _, f := range d.Nodes {
		if k.Registered(f) {
			n := k.nodes[f.Node]
			n.Up = false
			down = append(down, n)
		}
	}
	for _, n := range down {
		k.relieve(n, false)
	}
}

// relieve takes a node out of all configurations that can do without it.
func (k *Core) relieve(n *node, unlocked bool) {
	for _, c := range k.inOrder() {
		switch {
		case has(c.Config.Joining, n.Name):
			c.Stale = without(c.Stale, n.Name)
			k.stopJoining(c, n.Name)
		case has(c.Config.InSync, n.Name) && k.spared(c, n.Name, unlocked):
			k.dropReplica(c, n.Name)
		case !has(c.Config.InSync, n.Name):
			continue
		}
		k.fill(c)
	}
}

// nodeForget closes what the node has open and forgets its sessions.
func (k *Core) nodeForget(f *NodeForget) {
	n := k.nodes[f.Node]
	if n == nil || n.Up || n.Incarnation != f.Incarnation {
		return
	}
	k.forget(n)
}

func (k *Core) forget(n *node) {
	for _, c := range k.inOrder() {
		k.leave(c, n.Name)
	}
	for session, s := range k.unlinks {
		if s.Node == n.Name {
			delete(k.unlinks, session)
		}
	}
}

// nodeLock puts a node outside the cluster: its replicas move to others, as soon as others have all updates; those that
// no other node can have stay. Or it takes the node in again. Errors:
//
//	NOT_EXIST  unknown node
func (k *Core) nodeLock(l *NodeLock) {
	n := k.nodes[l.Name]
	if n == nil {
		k.refuse(wire.NotExist, "no node has the name %s", l.Name)
		return
	}
	if n.Locked != l.Lock {
		n.Locked = l.Lock
		if l.Lock {
			k.relieve(n, true)
		} else {
			for _, c := range k.inOrder() {
				k.fill(c)
			}
		}
	}
	k.result.Operator = &wire.OperatorReply{Nodes: k.NodeInfos()}
}

// nodeRemove forgets a node that is down. One that is started again under its name is a new one. Errors:
//
//	NOT_EXIST      unknown node
//	BAD_OPERATION  it is up; or it has the only replica of checkpoints, and their loss was not accepted
func (k *Core) nodeRemove(r *NodeRemove) {
	n := k.nodes[r.Name]
	if n == nil {
		k.refuse(wire.NotExist, "no node has the name %s", r.Name)
		return
	}
	if n.Up {
		k.refuse(wire.BadOperation, "node %s is up: stop its node director first", r.Name)
		return
	}
	var last []*checkpoint
	for _, c := range k.inOrder() {
		if slices.Equal(c.Config.InSync, []string{n.Name}) {
			last = append(last, c)
		}
	}
	if len(last) > 0 && !r.AcceptLoss {
		k.refuse(wire.BadOperation, "node %s has the only replica of %s: start it again, or accept their loss", r.Name, several(last))
		return
	}
	for _, c := range last {
		k.lose(c, n.Name)
	}
	k.forget(n)
	for _, c := range k.inOrder() {
		c.Stale = without(c.Stale, n.Name)
		k.skip(c, without(c.Skip, n.Name))
		if has(c.Config.InSync, n.Name) {
			k.dropReplica(c, n.Name)
			k.fill(c)
		}
	}
	k.again(n)
	delete(k.nodes, n.Name)
	k.order = nil
	k.result.Operator = &wire.OperatorReply{Nodes: k.NodeInfos()}
}

// several names checkpoints in one line.
func several(list []*checkpoint) string {
	if len(list) == 1 {
		return "checkpoint " + list[0].Config.Name
	}
	return fmt.Sprintf("%d checkpoints, such as %s", len(list), list[0].Config.Name)
}

// NodeInfos describes all nodes, by name.
func (k *Core) NodeInfos() []wire.NodeInfo {
	var infos []wire.NodeInfo
	for _, n := range k.inOrderOfName() {
		infos = append(infos, wire.NodeInfo{
			Name: n.Name, Host: n.Host, Up: n.Up, Locked: n.Locked, Controller: n.Controller,
			Replicas: uint32(n.replicas), Max: n.ReplicasMax,
		})
	}
	return infos
}
